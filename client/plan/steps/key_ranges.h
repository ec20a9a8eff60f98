// Ranges of keys written out: `keys: 0..99` of an entry is a hundred entries, of a dump a hundred keys. The
// step reader does it before it reads a step, so that whatever comes after knows single keys alone, each with
// its place in the plan.
#pragma once

#include "absl/strings/string_view.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// The most keys that the ranges of one list may stand for.
inline constexpr size_t kMaxKeys = 100'000;

// What stands under a step's name, and under its `expect`. Steps without keys stay as they are.
[[nodiscard]] NodePtr WriteOutKeys(absl::string_view step, const NodePtr& node, Problems& problems);
[[nodiscard]] NodePtr WriteOutExpectedKeys(absl::string_view step, const NodePtr& expect, Problems& problems);

}  // namespace bpfrig::client::plan
