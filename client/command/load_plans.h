// Reads the plans that the command line names, and prints what is wrong with them. For run, check and list.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "client/command/options.h"
#include "client/plan/plan.h"

namespace bpfrig::client::command {

// The tests of all plans, in order. Nothing, with everything printed to stderr, if any plan is bad or there
// is no test.
// `files`, if given, gets every file that was read, plans and objects, as absolute paths.
[[nodiscard]] std::optional<std::vector<plan::Test>> LoadPlans(
    const PlanOptions& options, std::vector<std::filesystem::path>* files = nullptr);

}  // namespace bpfrig::client::command
