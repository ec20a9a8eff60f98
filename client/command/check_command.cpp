// `bpfrig check` and `bpfrig run --list`.
#include <iostream>
#include <optional>
#include <set>
#include <vector>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/command/load_plans.h"

namespace bpfrig::client::command {

int CheckPlans(const PlanOptions& options) {
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options);
  if (!tests) return kUsageError;
  std::set<std::string> files;
  for (const plan::Test& test : *tests) files.insert(*test.mark.file);
  std::cout << tests->size() << " tests in " << files.size() << (files.size() == 1 ? " plan" : " plans")
            << ": no mistake found\n";
  return kAllPassed;
}

int ListTests(const PlanOptions& options) {
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options);
  if (!tests) return kUsageError;
  for (const plan::Test& test : *tests) std::cout << test.plan << " / " << test.name << "\n";
  return kAllPassed;
}

}  // namespace bpfrig::client::command
