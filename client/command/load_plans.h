// Reads the plans that the command line names, and prints what is wrong with them. For run, check and list.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "client/command/options.h"
#include "client/plan/object_files.h"
#include "client/plan/plan.h"

namespace bpfrig::client::command {

// The tests of all plans, in order. Nothing, with everything printed to stderr, if any plan is bad or there
// is no test.
[[nodiscard]] std::optional<std::vector<plan::Test>> LoadPlans(const PlanOptions& options);
// The same, with objects that the caller has looked up and keeps.
[[nodiscard]] std::optional<std::vector<plan::Test>> LoadPlans(const PlanOptions& options,
                                                               plan::ObjectFiles& objects);
// To stderr; true if there are none.
[[nodiscard]] bool PrintProblems(const plan::Problems& problems);

}  // namespace bpfrig::client::command
