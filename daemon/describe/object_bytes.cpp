#include "daemon/describe/object_bytes.h"

#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "daemon/base/status.h"
#include "proto/rules/field_words.h"

namespace bpfrig::describe {

uint64_t MaxObjectBytes() {
  using v1::LoadProgramRequest;
  const auto& object =
      *LoadProgramRequest::descriptor()->FindFieldByNumber(LoadProgramRequest::kObjectFieldNumber);
  return rules::RulesOf(object).maximum_bytes();
}

absl::StatusOr<std::string> ReadObject(int fd) {
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t count = TEMP_FAILURE_RETRY(::read(fd, buffer.data(), buffer.size()));
    if (count < 0) return base::ErrnoError("reading its bytes");
    if (count == 0) return bytes;
    bytes.append(buffer.data(), static_cast<size_t>(count));
    if (bytes.size() > MaxObjectBytes()) {
      return absl::InvalidArgumentError(
          absl::StrCat("it has more than the ", MaxObjectBytes(), " bytes that are taken"));
    }
  }
}

}  // namespace bpfrig::describe
