#include "client/verdict/matcher.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::ResolvedValue;
using bpfrig::v1::Value;
using google::protobuf::util::MessageDifferencer;
using plan::Pattern;
using plan::PatternKind;

std::optional<absl::int128> NumberOf(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->has_unsigned_integer()) return absl::int128(value->unsigned_integer());
  if (value->has_signed_integer()) return absl::int128(value->signed_integer());
  return std::nullopt;
}

// Characters or bytes; nothing for other values.
std::optional<absl::string_view> TextOf(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->has_text()) return absl::string_view(value->text());
  if (value->has_raw()) return absl::string_view(value->raw());
  return std::nullopt;
}

// Less than, equal to or greater than the bound: -1, 0, 1. Nothing if they have no order.
std::optional<int> Compare(const Pattern& bound, const Value* actual, const Memory* memory) {
  if (bound.encoding && memory != nullptr) {
    // In network order, bytes are in the order of numbers.
    const ResolvedValue& encoding = *memory->encodings[*bound.encoding];
    if (memory->bytes.size() < encoding.bytes().size()) return std::nullopt;
    for (size_t i = 0; i < encoding.bytes().size(); ++i) {
      const auto covered = static_cast<unsigned char>(encoding.mask()[i]);
      const int came = static_cast<unsigned char>(memory->bytes[i]) & covered;
      const int wanted = static_cast<unsigned char>(encoding.bytes()[i]) & covered;
      if (came != wanted) return came < wanted ? -1 : 1;
    }
    return 0;
  }
  const std::optional<absl::int128> came = NumberOf(actual);
  const std::optional<absl::int128> wanted = NumberOf(&bound.value);
  if (!came || !wanted) return std::nullopt;
  return *came < *wanted ? -1 : *came > *wanted ? 1 : 0;
}

bool HoldsOrder(const Pattern& pattern, const Value* actual, const Memory* memory) {
  const std::optional<int> first = Compare(pattern.parts[0], actual, memory);
  if (!first) return false;
  if (pattern.kind == PatternKind::kAtMost) return *first <= 0;
  if (pattern.kind == PatternKind::kAtLeast || *first < 0) return *first >= 0;
  const std::optional<int> second = Compare(pattern.parts[1], actual, memory);
  return second && *second <= 0;
}

bool HoldsLength(const Pattern& pattern, const Value* actual) {
  Value length;
  if (const std::optional<absl::string_view> text = TextOf(actual)) {
    length.set_unsigned_integer(text->size());
  } else if (actual != nullptr && actual->has_list()) {
    length.set_unsigned_integer(static_cast<uint64_t>(actual->list().values_size()));
  } else {
    return false;
  }
  return Holds(pattern.parts[0], &length, nullptr);
}

// A number that is written as text, as an element of a list may be.
bool IsNumber(const Value& actual, absl::string_view text) {
  return (actual.has_unsigned_integer() && text == std::to_string(actual.unsigned_integer())) ||
         (actual.has_signed_integer() && text == std::to_string(actual.signed_integer()));
}

bool HoldsPiece(const Pattern& pattern, const Value* actual) {
  const Pattern& piece = pattern.parts[0];
  const std::optional<absl::string_view> wanted = TextOf(&piece.value);
  if (actual != nullptr && actual->has_list() && pattern.kind == PatternKind::kContains) {
    const auto& items = actual->list().values();
    return std::any_of(items.begin(), items.end(), [&](const Value& item) {
      if (piece.kind != PatternKind::kEqual) return Holds(piece, &item, nullptr);
      return TextOf(&item) == wanted || (wanted && IsNumber(item, *wanted));
    });
  }
  const std::optional<absl::string_view> came = TextOf(actual);
  if (!came || !wanted) return false;
  if (pattern.kind == PatternKind::kStartsWith) return absl::StartsWith(*came, *wanted);
  if (pattern.kind == PatternKind::kEndsWith) return absl::EndsWith(*came, *wanted);
  return absl::StrContains(*came, *wanted);
}

bool HoldsEqual(const Pattern& pattern, const Value* actual, const Memory* memory) {
  if (memory != nullptr)
    return !pattern.encoding || Matches(*memory->encodings[*pattern.encoding], memory->bytes);
  return actual != nullptr && MessageDifferencer::Equals(pattern.value, *actual);
}

// Whether a member that is not there is one that its type does not have.
bool LacksMembers(const Value* actual, const Memory* memory) {
  return memory != nullptr && actual != nullptr && actual->has_fields();
}

bool HoldsAllParts(const Pattern& pattern, const Value* actual, const Memory* memory) {
  const bool is_list = pattern.kind == PatternKind::kList;
  if (is_list && !HasSize(pattern, actual, memory)) return false;
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    const Value* part = is_list ? FindItem(actual, i) : FindMember(actual, pattern.names[i]);
    // What the type lacks is nothing that a matcher could hold for, not even `!not`.
    if (!is_list && part == nullptr && LacksMembers(actual, memory)) return false;
    if (!Holds(pattern.parts[i], part, memory)) return false;
  }
  return true;
}

}  // namespace

bool Matches(const ResolvedValue& encoding, const std::string& memory) {
  const std::string& bytes = encoding.bytes();
  const std::string& mask = encoding.mask();
  if (memory.size() < bytes.size()) return false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int covered = i < mask.size() ? mask[i] : 0xff;
    if (((memory[i] ^ bytes[i]) & covered) != 0) return false;
  }
  return true;
}

bool Holds(const Pattern& pattern, const Value* actual, const Memory* memory) {
  switch (pattern.kind) {
    case PatternKind::kAnything:
      return true;
    case PatternKind::kEqual:
      return HoldsEqual(pattern, actual, memory);
    case PatternKind::kFields:
    case PatternKind::kList:
      return HoldsAllParts(pattern, actual, memory);
    case PatternKind::kNot:
      return !Holds(pattern.parts[0], actual, memory);
    case PatternKind::kAnyOf:
      return std::any_of(pattern.parts.begin(), pattern.parts.end(),
                         [&](const Pattern& part) { return Holds(part, actual, memory); });
    case PatternKind::kAtLeast:
    case PatternKind::kAtMost:
    case PatternKind::kBetween:
      return HoldsOrder(pattern, actual, memory);
    case PatternKind::kLength:
      return HoldsLength(pattern, actual);
    case PatternKind::kContains:
    case PatternKind::kStartsWith:
    case PatternKind::kEndsWith:
      return HoldsPiece(pattern, actual);
    case PatternKind::kMatches: {
      const std::optional<absl::string_view> text = TextOf(actual);
      return text && RE2::PartialMatch(re2::StringPiece(text->data(), text->size()), *pattern.regex);
    }
  }
  return false;
}

bool HasSize(const Pattern& list, const Value* actual, const Memory* memory) {
  if (memory != nullptr) {
    const bool is_list = actual != nullptr && actual->has_list();
    return !is_list || static_cast<size_t>(actual->list().values_size()) >= list.parts.size();
  }
  return actual != nullptr && static_cast<size_t>(actual->list().values_size()) == list.parts.size();
}

const Value* FindMember(const Value* value, const std::string& name) {
  if (value == nullptr) return nullptr;
  for (const auto& field : value->fields().fields()) {
    if (field.name() == name) return &field.value();
  }
  return nullptr;
}

const Value* FindItem(const Value* value, size_t index) {
  if (value == nullptr || index >= static_cast<size_t>(value->list().values_size())) return nullptr;
  return &value->list().values(static_cast<int>(index));
}

}  // namespace bpfrig::client::verdict
