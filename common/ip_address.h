// IPv4 and IPv6 addresses as text, and as bytes in network order.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

// The bytes of the address that inet_pton reads, 4 or 16 of them; empty if `text` is not an address.
[[nodiscard]] std::string ParseIpAddress(absl::string_view text);

// The text of 4 or 16 bytes; an IPv4-mapped address stays IPv6. Empty for any other number of bytes.
[[nodiscard]] std::string FormatIpAddress(absl::string_view bytes);

// The one way to write an address: an IPv4-mapped one as IPv4, zeroes left out. Text that is not an address
// comes back unchanged.
[[nodiscard]] std::string CanonicalIpAddress(const std::string& text);

}  // namespace bpfrig::common
