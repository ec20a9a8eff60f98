#include "client/plan/fields/pattern.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "client/plan/fields/tags.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::Value;
using Wrap = std::function<Value(Value)>;
using Look = std::function<void(Pattern&, Value)>;

struct Matcher {
  PatternKind kind;
  TagWords words;
};

constexpr std::array kMatchers = {
    Matcher{PatternKind::kNot, {"!not", Operand::kAny, "!not v", "is not `v`"}},
    Matcher{PatternKind::kAnyOf,
            {"!any_of", Operand::kList, "!any_of [a, b]", "is one of them; they may be matchers"}},
    Matcher{PatternKind::kAtLeast,
            {"!at_least", Operand::kTextOrList, "!at_least n", "is a number, and not below this one"}},
    Matcher{PatternKind::kAtMost,
            {"!at_most", Operand::kTextOrList, "!at_most n", "is a number, and not above this one"}},
    Matcher{PatternKind::kBetween,
            {"!between", Operand::kList, "!between [a, b]", "is a number in these bounds, both included"}},
    Matcher{PatternKind::kMatches,
            {"!matches", Operand::kText, "!matches \"regex\"",
             "is text or bytes in which the expression is found (RE2; `^` and `$` tie it to the ends)"}},
    Matcher{PatternKind::kContains,
            {"!contains", Operand::kAny, "!contains v",
             "is text or bytes with that piece, or a list with that element"}},
    Matcher{PatternKind::kStartsWith,
            {"!starts_with", Operand::kTextOrList, "!starts_with v", "is text or bytes that begin so"}},
    Matcher{PatternKind::kEndsWith,
            {"!ends_with", Operand::kTextOrList, "!ends_with v", "is text or bytes that end so"}},
    Matcher{PatternKind::kLength,
            {"!length", Operand::kTextOrList, "!length n",
             "has so many characters, bytes or elements; `n` may be a matcher"}},
};

bool IsInByteOrder(const Value& value) { return value.tag().has_ip() || value.tag().has_network_integer(); }

// Which operands are compared as memory: any under equality, bounds only in network order.
bool NeedsEncoding(const Pattern& operand, PatternKind matcher) {
  switch (matcher) {
    case PatternKind::kNot:
    case PatternKind::kAnyOf:
      return true;
    case PatternKind::kAtLeast:
    case PatternKind::kAtMost:
    case PatternKind::kBetween:
      return IsInByteOrder(operand.value);
    default:
      return false;
  }
}

void Visit(Pattern& pattern, PatternKind matcher, const Wrap& wrap, const Look& look) {
  switch (pattern.kind) {
    case PatternKind::kEqual:
      // Beside matchers, what is in a byte order is encoded for the report alone: it shows where the bytes
      // are.
      if (matcher == PatternKind::kAnything ? IsInByteOrder(pattern.value)
                                            : NeedsEncoding(pattern, matcher)) {
        look(pattern, wrap(pattern.value));
      }
      return;
    case PatternKind::kFields:
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        const std::string& name = pattern.names[i];
        Visit(
            pattern.parts[i], matcher,
            [&](Value inner) {
              Value outer;
              auto* field = outer.mutable_fields()->add_fields();
              field->set_name(name);
              *field->mutable_value() = std::move(inner);
              return wrap(std::move(outer));
            },
            look);
      }
      return;
    case PatternKind::kList:
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        Visit(
            pattern.parts[i], matcher,
            [&](Value inner) {
              Value outer;
              // Empty elements say nothing.
              for (size_t before = 0; before < i; ++before) outer.mutable_list()->add_values();
              *outer.mutable_list()->add_values() = std::move(inner);
              return wrap(std::move(outer));
            },
            look);
      }
      return;
    case PatternKind::kAnything:
    case PatternKind::kLength:
    case PatternKind::kMatches:
      return;
    default:
      for (Pattern& operand : pattern.parts) Visit(operand, pattern.kind, wrap, look);
  }
}

}  // namespace

absl::string_view TagOf(PatternKind kind) {
  for (const Matcher& matcher : kMatchers) {
    if (matcher.kind == kind) return matcher.words.tag;
  }
  return "";
}

std::optional<PatternKind> MatcherOf(absl::string_view tag) {
  for (const Matcher& matcher : kMatchers) {
    if (matcher.words.tag == tag) return matcher.kind;
  }
  return std::nullopt;
}

std::vector<TagWords> Matchers() {
  std::vector<TagWords> all;
  for (const Matcher& matcher : kMatchers) all.push_back(matcher.words);
  return all;
}

std::vector<std::string> MatcherTags() {
  std::vector<std::string> tags;
  for (const Matcher& matcher : kMatchers) tags.emplace_back(matcher.words.tag);
  return tags;
}

const Pattern* FindPart(const Pattern& structure, absl::string_view name) {
  for (size_t i = 0; i < structure.names.size(); ++i) {
    if (structure.names[i] == name) return &structure.parts[i];
  }
  return nullptr;
}

bool HasMatcher(const Pattern& pattern) {
  if (!TagOf(pattern.kind).empty()) return true;
  return std::any_of(pattern.parts.begin(), pattern.parts.end(), HasMatcher);
}

uint64_t LeastNumber(const Pattern& count) {
  switch (count.kind) {
    case PatternKind::kEqual:
      return count.value.unsigned_integer();
    case PatternKind::kAtLeast:
    case PatternKind::kBetween:
      return count.parts.empty() ? 0 : count.parts[0].value.unsigned_integer();
    default:
      return 0;
  }
}

Value PlainPart(const Pattern& pattern) {
  Value value;
  switch (pattern.kind) {
    case PatternKind::kEqual:
      return pattern.value;
    case PatternKind::kFields:
      value.mutable_fields();
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        Value part = PlainPart(pattern.parts[i]);
        if (part.kind_case() == Value::KIND_NOT_SET) continue;
        auto* field = value.mutable_fields()->add_fields();
        field->set_name(pattern.names[i]);
        *field->mutable_value() = std::move(part);
      }
      return value;
    case PatternKind::kList:
      value.mutable_list();
      for (const Pattern& part : pattern.parts) *value.mutable_list()->add_values() = PlainPart(part);
      return value;
    default:
      return value;
  }
}

void ForEachEncoded(Pattern& pattern, const Look& look) {
  Visit(
      pattern, PatternKind::kAnything, [](Value value) { return value; }, look);
}

}  // namespace bpfrig::client::plan
