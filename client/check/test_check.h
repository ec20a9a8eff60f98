// A test against the objects that it loads, and its steps against each other: names that nothing has, places
// that a program does not go to, values that their types cannot hold, sockets used before they are made. Says
// nothing of what it cannot know.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bpfrig/v1/description.pb.h"
#include "client/plan/plan.h"
#include "client/plan/problem.h"

namespace bpfrig::client::check {

// What is in objects, by the bytes that steps load; an error for one that cannot be read.
using Descriptions = std::map<const std::string*, absl::StatusOr<bpfrig::v1::ObjectDescription>>;

// The test's steps, in the order in which they are done.
[[nodiscard]] std::vector<const plan::Step*> StepsOf(const plan::Test& test);

// Of objects that are not among the descriptions nothing is said.
void CheckTest(const plan::Test& test, const Descriptions& descriptions, plan::Problems& problems);

}  // namespace bpfrig::client::check
