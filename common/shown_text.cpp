#include "common/shown_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace bpfrig::common {
namespace {

// What a character of several bytes may begin with, and which second byte makes it one (Unicode, table 3-7).
struct Start {
  uint8_t first;
  uint8_t last;
  uint8_t second_first;
  uint8_t second_last;
  size_t length;
};
constexpr Start kStarts[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool IsWithin(char c, uint8_t first, uint8_t last) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= first && byte <= last;
}

bool IsAscii(char c) { return static_cast<uint8_t>(c) < 0x80; }

}  // namespace

size_t Utf8CharacterLength(absl::string_view bytes) {
  if (IsAscii(bytes[0])) return 1;
  for (const Start& start : kStarts) {
    if (!IsWithin(bytes[0], start.first, start.last)) continue;
    if (bytes.size() < start.length || !IsWithin(bytes[1], start.second_first, start.second_last)) return 0;
    const absl::string_view rest = bytes.substr(2, start.length - 2);
    const bool whole = std::all_of(rest.begin(), rest.end(), [](char c) { return IsWithin(c, 0x80, 0xbf); });
    return whole ? start.length : 0;
  }
  return 0;
}

namespace {

// How many bytes at the start of `bytes` are UTF-8.
size_t Utf8Length(absl::string_view bytes) {
  size_t length = 0;
  while (length < bytes.size()) {
    const size_t character = Utf8CharacterLength(bytes.substr(length));
    if (character == 0) break;
    length += character;
  }
  return length;
}

}  // namespace

bool IsUtf8(absl::string_view bytes) {
  // Nearly all text is ASCII.
  return std::all_of(bytes.begin(), bytes.end(), IsAscii) || Utf8Length(bytes) == bytes.size();
}

std::string ShownText(absl::string_view bytes) {
  if (IsUtf8(bytes)) return std::string(bytes);
  std::string text;
  while (true) {
    const size_t length = Utf8Length(bytes);
    text.append(bytes.data(), length);
    bytes.remove_prefix(length);
    if (bytes.empty()) return text;
    absl::StrAppendFormat(&text, "\\x%02x", static_cast<uint8_t>(bytes[0]));
    bytes.remove_prefix(1);
  }
}

}  // namespace bpfrig::common
