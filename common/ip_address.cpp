#include "common/ip_address.h"

#include <arpa/inet.h>

#include <array>

#include "absl/strings/match.h"

namespace bpfrig::common {

std::string ParseIpAddress(absl::string_view text) {
  std::array<char, sizeof(in6_addr)> bytes{};
  const std::string terminated(text);
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return "";
}

std::string FormatIpAddress(absl::string_view bytes) {
  if (bytes.size() != sizeof(in_addr) && bytes.size() != sizeof(in6_addr)) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  ::inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string CanonicalIpAddress(const std::string& text) {
  constexpr absl::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  const std::string bytes = ParseIpAddress(text);
  if (bytes.empty()) return text;
  const bool mapped = bytes.size() == sizeof(in6_addr) && absl::StartsWith(bytes, kMappedPrefix);
  return FormatIpAddress(mapped ? absl::string_view(bytes).substr(kMappedPrefix.size()) : bytes);
}

}  // namespace bpfrig::common
