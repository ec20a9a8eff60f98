// IpPrefix: an IPv4 or IPv6 address with a prefix length, as netlink takes it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

struct IpPrefix {
  // AF_INET or AF_INET6.
  int family = 0;
  // In network order; IPv4 in the first four.
  std::array<uint8_t, 16> bytes{};
  // Prefix length: 32 or 128 for a single address.
  uint8_t length = 0;
};

// How many bytes an address of the family has.
[[nodiscard]] size_t AddressSize(int family);

// Reads "10.96.0.1", "10.96.0.0/16", "fd00::1", "fd00::/64"; a single address if there is no length. Nothing
// if `text` is not of that form.
[[nodiscard]] std::optional<IpPrefix> ParseIpPrefix(absl::string_view text);

// The same way back, always with its length.
[[nodiscard]] std::string FormatIpPrefix(const IpPrefix& prefix);

}  // namespace bpfrig::common
