// `bpfrig check` and `bpfrig run --list`.
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/check/test_check.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/command/load_plans.h"
#include "client/daemon/describe_object.h"
#include "client/daemon/find_daemon.h"

namespace bpfrig::client::command {
namespace {

// The objects that the tests load, each once for each way to load it.
std::set<check::LoadedAs> ObjectsOf(const std::vector<plan::Test>& tests) {
  std::set<check::LoadedAs> objects;
  for (const plan::Test& test : tests) {
    for (const plan::Step* step : check::StepsOf(test)) {
      if (std::optional<check::LoadedAs> loaded = check::LoadOf(*step)) objects.insert(*std::move(loaded));
    }
  }
  return objects;
}

// What is in them, as far as it can be told; otherwise `obstacle` says why not.
check::Descriptions Describe(const std::set<check::LoadedAs>& objects, const std::string& executable,
                             std::string& obstacle) {
  check::Descriptions descriptions;
  if (objects.empty()) return descriptions;
  const absl::StatusOr<std::string> found = daemon::FindDaemon(executable);
  if (!found.ok()) {
    obstacle = std::string(found.status().message());
    return descriptions;
  }
  for (const check::LoadedAs& object : objects) {
    auto description = daemon::DescribeObject(*found, *object.bytes, object.types);
    if (description.ok() || absl::IsInvalidArgument(description.status())) {
      descriptions.emplace(object, std::move(description));
    } else {
      obstacle = std::string(description.status().message());
    }
  }
  return descriptions;
}

}  // namespace

int CheckPlans(const CheckOptions& options) {
  plan::ObjectFiles objects(options.plans.object_path, plan::ObjectFiles::WhenMissing::kNote);
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options.plans, objects);
  if (!tests) return kUsageError;
  std::string obstacle;
  const check::Descriptions descriptions = Describe(ObjectsOf(*tests), options.executable, obstacle);
  plan::Problems problems;
  std::set<std::string> files;
  for (const plan::Test& test : *tests) {
    files.insert(*test.mark.file);
    check::CheckTest(test, descriptions, problems);
  }
  if (!objects.missing().empty()) {
    std::cout << "did not look into " << absl::StrJoin(objects.missing(), ", ")
              << ": not found; -I DIR or BPFRIG_OBJECT_PATH says where to look\n";
  }
  if (!obstacle.empty()) std::cout << "did not look into the objects: " << obstacle << "\n";
  if (!PrintProblems(problems)) return kUsageError;
  std::cout << tests->size() << (tests->size() == 1 ? " test in " : " tests in ") << files.size()
            << (files.size() == 1 ? " plan" : " plans") << ": no mistake found\n";
  return kAllPassed;
}

int ListTests(const PlanOptions& options) {
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options);
  if (!tests) return kUsageError;
  for (const plan::Test& test : *tests) std::cout << test.plan << " / " << test.name << "\n";
  return kAllPassed;
}

}  // namespace bpfrig::client::command
