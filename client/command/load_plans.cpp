#include "client/command/load_plans.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/plan/object_files.h"
#include "client/plan/plan_reader.h"

namespace bpfrig::client::command {

bool PrintProblems(const plan::Problems& problems) {
  for (const plan::Problem& problem : problems.Sorted()) std::cerr << ToString(problem) << "\n";
  return problems.Empty();
}

std::optional<std::vector<plan::Test>> LoadPlans(const PlanOptions& options) {
  plan::ObjectFiles objects(options.object_path);
  return LoadPlans(options, objects);
}

std::optional<std::vector<plan::Test>> LoadPlans(const PlanOptions& options, plan::ObjectFiles& objects) {
  absl::StatusOr<std::vector<std::string>> files = plan::FindPlanFiles(options.plans);
  if (!files.ok()) {
    std::cerr << "bpfrig: " << files.status().message() << "\n";
    return std::nullopt;
  }
  plan::Problems problems;
  std::vector<plan::Test> tests;
  for (const std::string& file : *files) {
    std::optional<plan::Plan> plan = plan::ReadPlan(file, objects, problems);
    if (!plan) continue;
    std::move(plan->tests.begin(), plan->tests.end(), std::back_inserter(tests));
  }
  if (!PrintProblems(problems)) return std::nullopt;
  const auto is_filtered_out = [&](const plan::Test& test) {
    return !absl::StrContains(absl::StrCat(test.plan, " / ", test.name), options.test_filter);
  };
  tests.erase(std::remove_if(tests.begin(), tests.end(), is_filtered_out), tests.end());
  if (tests.empty()) {
    std::cerr << "bpfrig: no test of " << files->size() << (files->size() == 1 ? " plan" : " plans")
              << " has \"" << options.test_filter << "\" in its name\n";
    return std::nullopt;
  }
  return tests;
}

}  // namespace bpfrig::client::command
