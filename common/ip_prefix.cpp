#include "common/ip_prefix.h"

#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/ip_address.h"

namespace bpfrig::common {
namespace {

// Digits alone: SimpleAtoi also takes a sign and blanks.
bool ReadLength(absl::string_view text, uint32_t& length) {
  const auto is_digit = [](unsigned char c) { return absl::ascii_isdigit(c); };
  return std::all_of(text.begin(), text.end(), is_digit) && absl::SimpleAtoi(text, &length);
}

}  // namespace

size_t AddressSize(int family) { return family == AF_INET ? 4 : 16; }

std::optional<IpPrefix> ParseIpPrefix(absl::string_view text) {
  const size_t slash = text.find('/');
  const std::string bytes = ParseIpAddress(text.substr(0, slash));
  if (bytes.empty()) return std::nullopt;
  const auto longest = static_cast<uint32_t>(bytes.size() * 8);
  uint32_t length = longest;
  if (slash != absl::string_view::npos && !ReadLength(text.substr(slash + 1), length)) return std::nullopt;
  if (length > longest) return std::nullopt;
  IpPrefix prefix;
  prefix.family = bytes.size() == 4 ? AF_INET : AF_INET6;
  std::copy(bytes.begin(), bytes.end(), prefix.bytes.begin());
  prefix.length = static_cast<uint8_t>(length);
  return prefix;
}

std::string FormatIpPrefix(const IpPrefix& prefix) {
  const auto* const bytes = reinterpret_cast<const char*>(prefix.bytes.data());
  return absl::StrCat(FormatIpAddress({bytes, AddressSize(prefix.family)}), "/", prefix.length);
}

}  // namespace bpfrig::common
