// A test against the objects that it loads, and its steps against each other: names that nothing has, places
// that a program does not go to, values that their types cannot hold, sockets used before they are made. Says
// nothing of what it cannot know.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "bpfrig/v1/description.pb.h"
#include "client/plan/plan.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::check {

// An object as a step loads it.
struct LoadedAs {
  const std::string* bytes = nullptr;
  // Of programs, by their names, as far as the step gives them.
  std::map<std::string, std::string> types;

  friend bool operator<(const LoadedAs& a, const LoadedAs& b) {
    return std::tie(a.bytes, a.types) < std::tie(b.bytes, b.types);
  }
};
// Nothing if the step loads none, or its file is not there.
[[nodiscard]] std::optional<LoadedAs> LoadOf(const plan::Step& step);

// What is in objects; an error for one that cannot be read.
using Descriptions = std::map<LoadedAs, absl::StatusOr<bpfrig::v1::ObjectDescription>>;

// The test's steps, in the order in which they are done.
[[nodiscard]] std::vector<const plan::Step*> StepsOf(const plan::Test& test);

// Of objects that are not among the descriptions nothing is said.
void CheckTest(const plan::Test& test, const Descriptions& descriptions, plan::Problems& problems);

}  // namespace bpfrig::client::check
