#include "daemon/kernel_os/ip_prefix.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

using base::MakeError;
using base::Reason;

size_t AddressSize(int family) { return family == AF_INET ? 4 : 16; }

absl::StatusOr<IpPrefix> ParseIpPrefix(absl::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  IpPrefix prefix;
  prefix.family = absl::StrContains(address, ':') ? AF_INET6 : AF_INET;
  if (::inet_pton(prefix.family, address.c_str(), prefix.bytes.data()) != 1) {
    return MakeError(Reason::kInvalidField, absl::StrCat("\"", text, "\" is no IPv4 or IPv6 address"));
  }
  const uint32_t longest = static_cast<uint32_t>(AddressSize(prefix.family) * 8);
  uint32_t length = longest;
  if (slash != absl::string_view::npos && !absl::SimpleAtoi(text.substr(slash + 1), &length)) {
    return MakeError(Reason::kInvalidField, absl::StrCat("\"", text, "\": the prefix length is no number"));
  }
  if (length > longest) {
    return MakeError(Reason::kOutOfRange,
                     absl::StrCat("\"", text, "\": the prefix length is more than ", longest));
  }
  prefix.length = static_cast<uint8_t>(length);
  return prefix;
}

std::string FormatIpPrefix(const IpPrefix& prefix) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(prefix.family, prefix.bytes.data(), text.data(), text.size()) == nullptr) return "?";
  return absl::StrCat(text.data(), "/", prefix.length);
}

}  // namespace bpfrig::kernel_os
