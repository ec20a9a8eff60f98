#include "client/verdict/format.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::SocketReference;
using bpfrig::v1::Tag;
using bpfrig::v1::Value;

constexpr size_t kMaxBytesShown = 128;

bool IsPrintable(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return absl::ascii_isprint(byte) || byte == '\n' || byte == '\r' || byte == '\t';
  });
}

std::string Quoted(const std::string& text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

std::string FormatReference(const SocketReference& reference) {
  if (reference.end() != bpfrig::v1::CONNECTION_END_ACCEPTED) return reference.connection();
  return absl::StrCat("{connection: ", reference.connection(), ", end: accepted}");
}

std::string FormatTag(const Tag& tag) {
  switch (tag.kind_case()) {
    case Tag::kIp:
      return absl::StrCat("!ip ", tag.ip());
    case Tag::kNetworkInteger:
      return absl::StrCat("!be", tag.network_integer().bits(), " ", tag.network_integer().value());
    case Tag::kHex:
      return absl::StrCat("!hex ", absl::BytesToHexString(tag.hex()));
    case Tag::kText:
      return absl::StrCat("!text ", Quoted(tag.text()));
    case Tag::kConcat: {
      std::vector<std::string> parts;
      for (const Value& part : tag.concat().values()) parts.push_back(FormatValue(part));
      return absl::StrCat("!concat [", absl::StrJoin(parts, ", "), "]");
    }
    case Tag::kSocket:
      return absl::StrCat("!socket ", FormatReference(tag.socket()));
    case Tag::kTuple:
      return absl::StrCat("!tuple {connection: ", tag.tuple().connection(), "}");
    case Tag::kCookie:
      return absl::StrCat("!cookie ", FormatReference(tag.cookie()));
    case Tag::kNetnsCookie:
      return "!netns_cookie";
    case Tag::kCgroupId:
      return "!cgroup_id";
    case Tag::kPid:
      return "!pid";
    case Tag::kUid:
      return "!uid";
    case Tag::kIfindex:
      return "!ifindex";
    case Tag::kProgram:
      return absl::StrCat("!program ", tag.program());
    case Tag::kMap:
      return absl::StrCat("!map ", tag.map());
    case Tag::KIND_NOT_SET:
      break;
  }
  return "nothing";
}

std::string FormatPair(const std::string& key, const std::string& value) {
  if (value.empty()) return absl::StrCat("{key: ", key, "}");
  if (key.empty()) return absl::StrCat("{value: ", value, "}");
  return absl::StrCat("{key: ", key, ", value: ", value, "}");
}

// Bytes that a matcher takes.
std::string FormatOperandBytes(const std::string& bytes) {
  return IsPrintable(bytes) ? absl::StrCat("!text ", Quoted(bytes))
                            : absl::StrCat("!hex ", absl::BytesToHexString(bytes));
}

// The decoded value, or the bytes if it could not be decoded.
std::string FormatHalf(bool has_value, const Value& value, const std::string& raw) {
  if (has_value) return FormatValue(value);
  return raw.empty() ? "" : FormatHex(raw);
}

// From byte `start` on, with the length.
std::string Window(const std::string& bytes, size_t start) {
  const absl::string_view all = bytes;
  const absl::string_view shown = all.substr(std::min(start, all.size()), kMaxBytesShown);
  const std::string text = IsPrintable(shown) ? Quoted(std::string(shown)) : FormatHex(shown);
  return absl::StrCat(all.size(), all.size() == 1 ? " byte" : " bytes",
                      start == 0 ? "" : absl::StrCat(", from byte ", start), ": ", text,
                      start + shown.size() < all.size() ? "..." : "");
}

}  // namespace

std::string FormatValue(const Value& value) {
  switch (value.kind_case()) {
    case Value::kSignedInteger:
      return absl::StrCat(value.signed_integer());
    case Value::kUnsignedInteger:
      return absl::StrCat(value.unsigned_integer());
    case Value::kRaw:
      return absl::StrCat("!hex ", absl::BytesToHexString(value.raw()));
    case Value::kText:
      return IsPrintable(value.text()) && !value.text().empty() &&
                     value.text().find_first_of(" \n\r\t\",:{}[]") == std::string::npos
                 ? value.text()
                 : Quoted(value.text());
    case Value::kList: {
      std::vector<std::string> items;
      for (const Value& item : value.list().values()) items.push_back(FormatValue(item));
      return absl::StrCat("[", absl::StrJoin(items, ", "), "]");
    }
    case Value::kFields: {
      std::vector<std::string> members;
      for (const auto& field : value.fields().fields()) {
        members.push_back(absl::StrCat(field.name(), ": ", FormatValue(field.value())));
      }
      return absl::StrCat("{", absl::StrJoin(members, ", "), "}");
    }
    case Value::kTag:
      return FormatTag(value.tag());
    case Value::KIND_NOT_SET:
      break;
  }
  return "nothing";
}

std::string FormatHex(absl::string_view bytes, absl::string_view mask) {
  std::string hex;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool is_covered = i >= mask.size() || mask[i] != 0;
    absl::StrAppend(&hex, hex.empty() ? "" : " ",
                    is_covered ? absl::BytesToHexString(bytes.substr(i, 1)) : "..");
  }
  return hex;
}

std::string FormatBytes(const std::string& bytes) { return Window(bytes, 0); }

std::pair<std::string, std::string> FormatBothBytes(const std::string& expected, const std::string& actual) {
  const size_t common = std::min(expected.size(), actual.size());
  const auto mismatch =
      std::mismatch(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(common), actual.begin());
  const auto first = static_cast<size_t>(mismatch.first - expected.begin());
  const size_t start = first < kMaxBytesShown / 2 ? 0 : first - kMaxBytesShown / 8;
  return {Window(expected, start), Window(actual, start)};
}

std::string FormatEntry(const bpfrig::v1::DumpedEntry& entry) {
  return FormatPair(FormatHalf(entry.has_key(), entry.key(), entry.raw_key()),
                    FormatHalf(entry.has_value(), entry.value(), entry.raw_value()));
}

std::string FormatPattern(const plan::Pattern& pattern) {
  using plan::PatternKind;
  std::vector<std::string> parts;
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    const std::string part = FormatPattern(pattern.parts[i]);
    parts.push_back(pattern.kind == PatternKind::kFields ? absl::StrCat(pattern.names[i], ": ", part) : part);
  }
  const std::string joined = absl::StrJoin(parts, ", ");
  switch (pattern.kind) {
    case PatternKind::kAnything:
      return "anything";
    case PatternKind::kEqual:
      if (pattern.value.has_text() && pattern.value.text().empty()) return "none";
      return pattern.value.has_raw() ? FormatOperandBytes(pattern.value.raw()) : FormatValue(pattern.value);
    case PatternKind::kFields:
      // A word that stands for a whole structure: "unnamed".
      if (pattern.node->IsScalar()) return pattern.node->text;
      return absl::StrCat("{", joined, "}");
    case PatternKind::kList:
      return absl::StrCat("[", joined, "]");
    case PatternKind::kMatches:
      return absl::StrCat("!matches ", Quoted(pattern.regex->pattern()));
    case PatternKind::kAnyOf:
    case PatternKind::kBetween:
      return absl::StrCat(plan::TagOf(pattern.kind), " [", joined, "]");
    default:
      // An operand with its own tag stands in a list.
      return absl::StrCat(plan::TagOf(pattern.kind), " ",
                          absl::StartsWith(joined, "!") ? absl::StrCat("[", joined, "]") : joined);
  }
}

std::string FormatExpectedEntry(const plan::EntryExpectation& entry) {
  const auto half = [](const plan::Pattern& pattern) {
    return pattern.kind == plan::PatternKind::kAnything ? "" : FormatPattern(pattern);
  };
  return FormatPair(half(entry.key), half(entry.value));
}

std::string FormatActual(const Value& value) {
  if (value.has_raw()) return FormatBytes(value.raw());
  return value.has_text() && value.text().empty() ? "none" : FormatValue(value);
}

std::string FormatEvent(const bpfrig::v1::Event& event) {
  return FormatHalf(event.has_value(), event.value(), event.raw());
}

}  // namespace bpfrig::client::verdict
