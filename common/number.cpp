#include "common/number.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace bpfrig::common {

NumberKind ParseNumber(absl::string_view text, uint64_t& magnitude) {
  const bool negative = absl::StartsWith(text, "-");
  if (negative) text.remove_prefix(1);
  unsigned base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    return NumberKind::kNone;  // 010 is eight to some and ten to others.
  }
  if (text.empty()) return NumberKind::kNone;
  magnitude = 0;
  bool too_big = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (base == 10 ? !absl::ascii_isdigit(byte) : !absl::ascii_isxdigit(byte)) return NumberKind::kNone;
    const unsigned digit =
        absl::ascii_isdigit(byte) ? byte - '0' : static_cast<unsigned>(absl::ascii_tolower(byte)) - 'a' + 10U;
    if (magnitude > (UINT64_MAX - digit) / base) too_big = true;
    magnitude = magnitude * base + digit;
  }
  if (too_big) return NumberKind::kTooBig;
  if (!negative || magnitude == 0) return NumberKind::kUnsigned;
  return magnitude > uint64_t{1} << 63 ? NumberKind::kTooBig : NumberKind::kNegative;
}

}  // namespace bpfrig::common
