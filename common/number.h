// Numbers as plans and command lines write them.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

enum class NumberKind { kNone, kUnsigned, kNegative, kTooBig };

// Decimal or 0x, with '-' if it is negative; no octal, no blanks. `magnitude` is the number without its sign.
[[nodiscard]] NumberKind ParseNumber(absl::string_view text, uint64_t& magnitude);

}  // namespace bpfrig::common
