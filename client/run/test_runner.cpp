#include "client/run/test_runner.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/verdict/programs.h"
#include "common/near_names.h"

namespace bpfrig::client::run {
namespace {

using verdict::TestResult;
using verdict::Verdict;

// The program's name within its object.
std::string ShortName(const std::string& program) { return program.substr(program.rfind('/') + 1); }

}  // namespace

Features FeaturesOf(const bpfrig::v1::GetInfoResponse& info) {
  Features features;
  for (const bpfrig::v1::Feature& feature : info.features()) features[feature.name()] = feature;
  return features;
}

void CheckRequirements(const plan::Test& test, const Features& features, plan::Problems& problems) {
  std::vector<std::string> known;
  for (const auto& feature : features) known.push_back(feature.first);
  for (const plan::Marked<std::string>& required : test.required_features) {
    if (features.count(required.value) > 0) continue;
    problems.Add(required.mark, absl::StrCat("requires \"", required.value,
                                             "\", a feature that the daemon does "
                                             "not know",
                                             common::DidYouMean(required.value, known),
                                             "; features: ", absl::StrJoin(known, ", ")));
  }
}

TestResult NotRun(const plan::Test& test) {
  TestResult result;
  result.plan = test.plan;
  result.name = test.ShownName();
  result.mark = test.mark;
  return result;
}

std::string TestRunner::WhySkipped(const plan::Test& test) const {
  for (const plan::Marked<std::string>& required : test.required_features) {
    const auto feature = features_.find(required.value);
    if (feature == features_.end() || feature->second.supported()) continue;
    return absl::StrCat("needs ", required.value, ": ", feature->second.detail());
  }
  return "";
}

TestRunner::WatchedResult TestRunner::RunWatched(const plan::Test& test, LoadWatcher& loads,
                                                 std::chrono::milliseconds timeout) {
  WatchedResult watched{NotRun(test)};
  TestResult& result = watched.result;
  result.reason = WhySkipped(test);
  if (!result.reason.empty()) {
    result.verdict = Verdict::kSkipped;
    return watched;
  }
  TrialOptions options;
  options.timeout = timeout;
  options.loads = &loads;
  const auto start = std::chrono::steady_clock::now();
  Trial trial(rig_, test, options, result);
  trial.Run();
  result.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  watched.is_hung = trial.IsHung();
  if (client_.IsCancelled()) result = NotRun(test);
  return watched;
}

TestResult TestRunner::Run(const plan::Test& test) {
  TestResult result = NotRun(test);
  result.reason = WhySkipped(test);
  if (!result.reason.empty()) {
    result.verdict = Verdict::kSkipped;
    return result;
  }
  const auto start = std::chrono::steady_clock::now();
  std::optional<TestRecord> record;
  if (options_.artifacts != nullptr) record.emplace(test);
  RunTrials(test, record ? &*record : nullptr, result);
  result.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  if (client_.IsCancelled()) return NotRun(test);
  if (record && result.IsBad()) {
    result.artifacts = options_.artifacts->Write(test, result, record->ToArtifacts());
  }
  return result;
}

void TestRunner::RunTrials(const plan::Test& test, TestRecord* record, TestResult& result) {
  TrialOptions options;
  options.timeout = test.timeout.count() > 0 ? test.timeout : options_.timeout;
  options.lists_programs = options_.needs_control && options_.needs_control(test);
  options.record = record;
  Trial trial(rig_, test, options, result);
  trial.Run();
  if (!options.lists_programs || result.verdict != Verdict::kPassed) return;
  options.lists_programs = false;
  // Whether a control run fails says nothing of what was seen in the test.
  options.record = nullptr;
  for (const std::string& program : trial.programs()) {
    if (verdict::IsNamedBy(test.holds_without, program) || verdict::IsNamedBy(test.may_not_run, program))
      continue;
    if (!Control(test, program, options, result)) return;
  }
  result.controlled = !result.vacuous;
}

bool TestRunner::Control(const plan::Test& test, const std::string& program, TrialOptions options,
                         TestResult& result) {
  options.inert = program;
  TestResult control = NotRun(test);
  Trial(rig_, test, std::move(options), control).Run();
  if (control.verdict == Verdict::kFailed) return true;  // As it should.
  if (control.verdict != Verdict::kPassed) {
    result.verdict = control.verdict;
    result.reason = absl::StrCat("in the control run without ", program, ": ", control.reason);
    return false;
  }
  result.verdict = Verdict::kFailed;
  result.vacuous = true;
  result.failures.push_back(
      {test.mark,
       absl::StrCat("vacuous for ", program),
       absl::StrCat("the test also passes with a program in the place of ", program,
                    " that does nothing, and so proves nothing about it"),
       absl::StrCat(
           "expect something that only it brings about; if the test is about what stays as it is without "
           "it, too, say `holds_without: [",
           ShortName(program), "]`"),
       {}});
  return true;
}

}  // namespace bpfrig::client::run
