#include "client/report/printable.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/shown_text.h"

namespace bpfrig::client::report {
namespace {

// Characters that are not shown as they are: all but the last byte of each, and what that one may be.
struct Unprintable {
  absl::string_view start;
  uint8_t first;
  uint8_t last;
};
constexpr Unprintable kUnprintable[] = {
    // Controls.
    {"", 0x00, 0x08},
    {"", 0x0b, 0x1f},
    {"", 0x7f, 0x7f},
    {"\xc2", 0x80, 0x9f},
    // Ends of lines and paragraphs, and what turns the direction of text.
    {"\xe2\x80", 0xa8, 0xae},
    {"\xe2\x81", 0xa6, 0xa9},
    // U+FFFE and U+FFFF.
    {"\xef\xbf", 0xbe, 0xbf},
};

bool IsPrintable(absl::string_view character) {
  const auto last = static_cast<uint8_t>(character.back());
  const absl::string_view start = character.substr(0, character.size() - 1);
  return std::none_of(std::begin(kUnprintable), std::end(kUnprintable), [&](const Unprintable& range) {
    return start == range.start && last >= range.first && last <= range.last;
  });
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const size_t length = common::Utf8CharacterLength(text);
    const absl::string_view character = text.substr(0, std::max<size_t>(length, 1));
    if (length > 0 && IsPrintable(character)) {
      absl::StrAppend(&printable, character);
    } else {
      for (const char c : character) absl::StrAppendFormat(&printable, "\\x%02x", static_cast<uint8_t>(c));
    }
    text.remove_prefix(character.size());
  }
  return printable;
}

}  // namespace bpfrig::client::report
