#include "client/command/load_plans.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/command/test_expression.h"
#include "client/plan/object_files.h"
#include "client/plan/plan_files.h"
#include "client/plan/plan_reader.h"
#include "common/near_names.h"

namespace bpfrig::client::command {
namespace {

// Which tests the options take.
class Selection {
 public:
  explicit Selection(const PlanOptions& options) : options_(options) {
    if (options.expression.empty()) return;
    absl::StatusOr<TestExpression> expression = TestExpression::Parse(options.expression);
    // What the command line took can be read.
    if (expression.ok()) expression_ = *std::move(expression);
  }

  [[nodiscard]] bool Takes(const plan::Test& test) const {
    const std::string name = absl::StrCat(test.plan, " / ", test.name);
    const auto has_tag = [&](const std::string& tag) {
      return std::find(test.tags.begin(), test.tags.end(), tag) != test.tags.end();
    };
    return absl::StrContains(name, options_.test_filter) &&
           (!expression_ || expression_->Holds(name, test.tags)) &&
           (options_.tags.empty() || std::any_of(options_.tags.begin(), options_.tags.end(), has_tag));
  }

  // What no test has, if it takes none.
  [[nodiscard]] std::string Describe() const {
    std::vector<std::string> parts;
    if (!options_.test_filter.empty()) {
      parts.push_back(absl::StrCat("has \"", options_.test_filter, "\" in its name"));
    }
    if (!options_.expression.empty()) {
      parts.push_back(absl::StrCat("is one that -k \"", options_.expression, "\" takes"));
    }
    if (!options_.tags.empty()) {
      parts.push_back(absl::StrCat("has the tag ", absl::StrJoin(options_.tags, " or ")));
    }
    return absl::StrJoin(parts, " and ");
  }

 private:
  const PlanOptions& options_;
  std::optional<TestExpression> expression_;
};

// A variable that no plan has is a mistyped one.
bool CheckVariables(const PlanOptions& options, const std::vector<std::string>& known) {
  for (const auto& [name, value] : options.variables.command_line) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::cerr << "bpfrig: --var " << name << ": no plan has it in its vars" << common::DidYouMean(name, known)
              << "\n";
    return false;
  }
  return true;
}

}  // namespace

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
  const auto is_part = [&](const std::string& file) {
    const bool is_named = std::find(options.plans.begin(), options.plans.end(), file) != options.plans.end();
    return !is_named && plan::IsSharedPart(file);
  };
  files->erase(std::remove_if(files->begin(), files->end(), is_part), files->end());
  plan::Problems problems;
  std::vector<plan::Test> tests;
  std::vector<std::string> variables;
  for (const std::string& file : *files) {
    std::optional<plan::Plan> plan = plan::ReadPlan(file, objects, problems, options.variables);
    if (!plan) continue;
    std::move(plan->tests.begin(), plan->tests.end(), std::back_inserter(tests));
    std::move(plan->variables.begin(), plan->variables.end(), std::back_inserter(variables));
  }
  if (!PrintProblems(problems) || !CheckVariables(options, variables)) return std::nullopt;
  const Selection selection(options);
  const auto is_left_out = [&](const plan::Test& test) { return !selection.Takes(test); };
  tests.erase(std::remove_if(tests.begin(), tests.end(), is_left_out), tests.end());
  if (tests.empty()) {
    std::cerr << "bpfrig: no test of " << files->size() << (files->size() == 1 ? " plan " : " plans ")
              << selection.Describe() << "\n";
    return std::nullopt;
  }
  return tests;
}

}  // namespace bpfrig::client::command
