// Sizes in messages.
#pragma once

#include <cstdint>
#include <string>

namespace bpfrig::common {

// "413.2 MiB": in the largest unit of which there is one, with a digit after the point unless it would be 0.
[[nodiscard]] std::string FormatBytes(uint64_t bytes);

}  // namespace bpfrig::common
