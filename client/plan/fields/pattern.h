// What an expectation says of one value: equality, a matcher such as `!at_least 3`, or a structure with
// patterns for its members. One language for every field of every answer; read_pattern.h reads it, verdict/
// holds it against what came.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/yaml/node.h"

namespace bpfrig::client::plan {

enum class PatternKind {
  kAnything,
  // `value`.
  kEqual,
  // A structure: `names` are the members', `parts` their patterns. Other members may be anything.
  kFields,
  // A list of exactly these elements: `parts`.
  kList,
  // The matchers; their operands are `parts`.
  kNot,
  kAnyOf,
  kAtLeast,
  kAtMost,
  kBetween,
  kContains,
  kStartsWith,
  kEndsWith,
  kLength,
  // `regex`.
  kMatches,
};

struct Pattern {
  PatternKind kind = PatternKind::kAnything;
  // Where the plan has it, and how it is written there.
  NodePtr node;
  bpfrig::v1::Value value;
  std::vector<Pattern> parts;
  std::vector<std::string> names;
  std::shared_ptr<const RE2> regex;
  // If the value can only be encoded by the daemon: the place of its encoding among the request's patterns.
  std::optional<size_t> encoding;
};

// The tag that a matcher is written with; empty for a kind that is not a matcher.
[[nodiscard]] absl::string_view TagOf(PatternKind kind);
// The kind that a tag writes; nothing if it is not a matcher's.
[[nodiscard]] std::optional<PatternKind> MatcherOf(absl::string_view tag);
// All matchers' tags.
[[nodiscard]] std::vector<std::string> MatcherTags();

// What a structure's pattern says of that member; null if it says nothing of it.
[[nodiscard]] const Pattern* FindPart(const Pattern& structure, absl::string_view name);

// Whether the pattern is or has a matcher.
[[nodiscard]] bool HasMatcher(const Pattern& pattern);
// The least number that satisfies the pattern, as far as it says.
[[nodiscard]] uint64_t LeastNumber(const Pattern& count);
// What the pattern says by equality alone: members with matchers are left out, such elements of a list are
// empty.
[[nodiscard]] bpfrig::v1::Value PlainPart(const Pattern& pattern);

// Calls `look` for each part that a daemon must encode by itself, with the value that holds it in its place
// and nothing else: operands of matchers, and what is written in a byte order.
void ForEachEncoded(Pattern& pattern,
                    const std::function<void(Pattern& part, bpfrig::v1::Value in_its_place)>& look);

}  // namespace bpfrig::client::plan
