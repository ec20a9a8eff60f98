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

std::optional<std::vector<plan::Test>> LoadPlans(const PlanOptions& options,
                                                 std::vector<std::filesystem::path>* read) {
  absl::StatusOr<std::vector<std::string>> files = plan::FindPlanFiles(options.plans);
  if (!files.ok()) {
    std::cerr << "bpfrig: " << files.status().message() << "\n";
    return std::nullopt;
  }
  plan::ObjectFiles objects(options.object_path);
  plan::Problems problems;
  std::vector<plan::Test> tests;
  for (const std::string& file : *files) {
    std::optional<plan::Plan> plan = plan::ReadPlan(file, objects, problems);
    if (!plan) continue;
    std::move(plan->tests.begin(), plan->tests.end(), std::back_inserter(tests));
  }
  for (const plan::Problem& problem : problems.Sorted()) std::cerr << ToString(problem) << "\n";
  if (!problems.Empty()) return std::nullopt;
  if (read != nullptr) {
    for (const std::string& file : *files)
      read->push_back(std::filesystem::absolute(file).lexically_normal());
    for (const std::filesystem::path& file : objects.Files()) {
      read->push_back(std::filesystem::absolute(file).lexically_normal());
    }
  }
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
