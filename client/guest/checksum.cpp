#include "client/guest/checksum.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"

namespace bpfrig::client::guest {

std::string Checksum(absl::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace bpfrig::client::guest
