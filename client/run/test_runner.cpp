#include "client/run/test_runner.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "bpfrig/v1/program.pb.h"
#include "client/verdict/answer.h"
#include "client/verdict/call_error.h"
#include "client/verdict/programs.h"
#include "client/verdict/runs.h"
#include "common/near_names.h"

namespace bpfrig::client::run {
namespace {

using verdict::TestResult;
using verdict::Verdict;

// How long the lease may take to tell what became of a sandbox, if the call's error says that it is gone.
std::chrono::milliseconds EndMessageTimeout(const daemon::RpcError& error) {
  // At the call's deadline gRPC gives up by itself. The daemon gives the worker a second more, and if it does
  // not answer then, half a second to die.
  if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED) return std::chrono::seconds(3);
  switch (error.detail.reason()) {
    case bpfrig::v1::ERROR_REASON_WORKER_DIED:
    case bpfrig::v1::ERROR_REASON_SANDBOX_CLOSED:
      return std::chrono::seconds(1);
    default:
      return std::chrono::milliseconds(0);
  }
}

// Whether the test attaches anything, and so whether a run without it says something.
bool Attaches(const plan::Test& test) {
  return std::any_of(test.steps.begin(), test.steps.end(), [](const plan::Step& step) {
    if (verdict::MustFail(step)) return false;
    if (step.call.method->input_type() == bpfrig::v1::AttachRequest::descriptor()) return true;
    if (!std::holds_alternative<plan::LoadShape>(step.shape) || verdict::Expects(step.call, "rejected"))
      return false;
    const auto& request = plan::As<bpfrig::v1::LoadProgramRequest>(*step.call.request);
    return request.attach_size() > 0 || request.attach_all();
  });
}

// Why the daemon cannot count how often programs run; empty if it can.
std::string WhyUncounted(const Features& features) {
  const auto feature = features.find("run_counts");
  return feature == features.end() || feature->second.supported() ? "" : feature->second.detail();
}

// Where the plan has `addresses[2]` or `local_routes[0]` of a sandbox; nothing if it is another field.
std::optional<plan::Mark> MarkOfSandboxField(const plan::SandboxSettings& sandbox, absl::string_view field) {
  const std::vector<plan::Mark>* marks = nullptr;
  if (absl::ConsumePrefix(&field, "addresses[")) marks = &sandbox.addresses;
  if (absl::ConsumePrefix(&field, "local_routes[")) marks = &sandbox.local_routes;
  size_t index = 0;
  if (marks == nullptr || !absl::SimpleAtoi(field.substr(0, field.find(']')), &index) ||
      index >= marks->size()) {
    return std::nullopt;
  }
  return (*marks)[index];
}

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

TestResult TestRunner::Run(const plan::Test& test) {
  TestResult result;
  result.plan = test.plan;
  result.name = test.name;
  result.mark = test.mark;
  for (const plan::Marked<std::string>& required : test.required_features) {
    const auto feature = features_.find(required.value);
    if (feature == features_.end() || feature->second.supported()) continue;
    result.verdict = Verdict::kSkipped;
    result.reason = absl::StrCat("needs ", required.value, ": ", feature->second.detail());
    return result;
  }
  const auto start = std::chrono::steady_clock::now();
  RunInSandbox(test, AttachMode::kAttach, result);
  if (control_ && result.verdict == Verdict::kPassed && Attaches(test)) RunControl(test, result);
  result.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  if (client_.IsCancelled())
    result = TestResult{Verdict::kNotRun, test.plan, test.name, test.mark, {}, {}, {}};
  return result;
}

void TestRunner::RunInSandbox(const plan::Test& test, AttachMode attach, TestResult& result) {
  if (std::string gone = DaemonGone(); !gone.empty()) {
    result.verdict = Verdict::kRigError;
    result.reason = absl::StrCat("not tried, as the daemon is gone: ", gone);
    return;
  }
  auto opened = Sandbox::Open(client_, test.sandbox.request);
  if (const auto* error = std::get_if<daemon::RpcError>(&opened)) return JudgeOpenError(test, *error, result);
  Sandbox& sandbox = *std::get<std::unique_ptr<Sandbox>>(opened);
  result.verdict = Verdict::kPassed;
  if (RunSteps(test, attach, sandbox, result)) {
    Close(test, attach, sandbox, result);
  } else if (result.verdict == Verdict::kFailed) {
    // The sandbox is torn down before its test is reported; what it says now no longer matters.
    static_cast<void>(sandbox.Close());
  }
}

void TestRunner::JudgeOpenError(const plan::Test& test, const daemon::RpcError& error, TestResult& result) {
  // Settings that the daemon does not take are the plan's mistake.
  const auto mark = MarkOfSandboxField(test.sandbox, error.detail.field());
  if (mark && !daemon::IsRigFailure(error)) {
    result.verdict = Verdict::kFailed;
    result.failures.push_back({*mark, "sandbox", daemon::Describe(error), error.detail.hint(), {}});
    return;
  }
  RigError("the sandbox did not open", error, result);
  NoteGone(error);
}

bool TestRunner::RunSteps(const plan::Test& test, AttachMode attach, Sandbox& sandbox, TestResult& result) {
  WriteLog write_log;
  // A control run loads the same once more.
  if (logs_ != nullptr && attach == AttachMode::kAttach) {
    write_log = [&](const std::string& object, const std::string& log) {
      return logs_->Write(test, object, log);
    };
  }
  StepRunner runner(sandbox, attach, std::move(write_log));
  for (size_t i = 0; i < test.steps.size(); ++i) {
    const plan::Step& step = test.steps[i];
    const std::string what = absl::StrCat("step ", i + 1, ", ", step.name);
    if (const std::string why_not = WhyUncounted(features_); !step.runs.empty() && !why_not.empty()) {
      result.verdict = Verdict::kFailed;
      result.failures.push_back({step.runs[0].program.mark,
                                 absl::StrCat(what, ", runs"),
                                 absl::StrCat("this daemon cannot count runs: ", why_not),
                                 "`requires: [run_counts]` skips the test then",
                                 {}});
      return false;
    }
    if (!JudgeStep(step, what, runner.Run(step), runner, sandbox, result)) return false;
  }
  return true;
}

bool TestRunner::JudgeStep(const plan::Step& step, const std::string& what, StepOutcome outcome,
                           StepRunner& runner, Sandbox& sandbox, TestResult& result) {
  const std::string where = absl::StrCat(ToString(step.mark), ": ", what);
  if (outcome.error && daemon::IsRigFailure(*outcome.error)) {
    JudgeRigFailure(where, *outcome.error, sandbox, result);
    return false;
  }
  if (outcome.count_error) {
    JudgeRigFailure(absl::StrCat(where, ", runs"), *outcome.count_error, sandbox, result);
    return false;
  }
  if (!outcome.note.empty()) result.notes.push_back({step.mark, what, std::move(outcome.note)});
  verdict::Failure failure{step.mark, what, "", "", {}};
  const bpfrig::v1::ErrorDetail* detail = outcome.error ? &outcome.error->detail : nullptr;
  failure.differences = verdict::CompareCallError(step, detail);
  if (detail != nullptr && (!verdict::MayFail(step) || !failure.differences.empty())) {
    failure.mark = plan::MarkOfField(step, detail->field());
    if (!detail->field().empty()) {
      absl::StrAppend(&failure.what, ", ", plan::WordsOfField(step, detail->field()));
    }
    failure.error = daemon::Describe(*outcome.error);
    failure.hint = detail->hint();
  }
  failure.differences =
      verdict::JoinDifferences(step, std::move(failure.differences), std::move(outcome.differences));
  std::move(outcome.runs.begin(), outcome.runs.end(), std::back_inserter(failure.differences));
  if (failure.error.empty() && failure.differences.empty()) return true;
  if (const std::string end = sandbox.EndMessage(); !end.empty()) {
    result.verdict = Verdict::kRigError;
    result.reason = absl::StrCat(where, ": ", end);
    return false;
  }
  failure.note = outcome.clue;
  if (const std::string runs = DescribeRuns(step, runner); !runs.empty()) {
    absl::StrAppend(&failure.note, failure.note.empty() ? "" : "\n", runs);
  }
  result.verdict = Verdict::kFailed;
  result.failures.push_back(std::move(failure));
  return false;
}

void TestRunner::JudgeRigFailure(const std::string& what, const daemon::RpcError& error, Sandbox& sandbox,
                                 TestResult& result) {
  const std::string end = sandbox.WaitForEnd(EndMessageTimeout(error)) ? sandbox.EndMessage() : std::string();
  RigError(what, error, result);
  if (!end.empty()) absl::StrAppend(&result.reason, "\n", end);
  // A daemon that tells how the sandbox ended is there.
  if (!sandbox.IsEndTold()) NoteGone(error);
}

std::string TestRunner::DescribeRuns(const plan::Step& step, StepRunner& runner) const {
  if (!step.runs.empty() || !WhyUncounted(features_).empty()) return "";
  bpfrig::v1::CountRunsResponse counts;
  // The test has failed already; a daemon that does not tell more is no reason to say anything.
  if (runner.CountRuns(counts)) return "";
  return verdict::DescribeRuns(step, counts);
}

void TestRunner::Close(const plan::Test& test, AttachMode attach, Sandbox& sandbox, TestResult& result) {
  auto closed = sandbox.Close();
  if (const auto* error = std::get_if<daemon::RpcError>(&closed)) {
    RigError("the sandbox did not close", *error, result);
    return NoteGone(*error);
  }
  const auto& ledger = std::get<bpfrig::v1::CloseSandboxResponse>(closed);
  if (!ledger.closed()) {
    result.verdict = Verdict::kRigError;
    result.reason = absl::StrCat("the sandbox was gone before it was closed\n", sandbox.EndMessage());
    return;
  }
  if (attach == AttachMode::kLoadOnly) return;
  verdict::Differences differences = verdict::CompareLedger(test, ledger);
  if (differences.empty()) return;
  result.verdict = Verdict::kFailed;
  result.failures.push_back({test.mark, "the test as a whole", "", "", std::move(differences)});
}

void TestRunner::RunControl(const plan::Test& test, TestResult& result) {
  TestResult control;
  RunInSandbox(test, AttachMode::kLoadOnly, control);
  if (control.verdict == Verdict::kFailed) return;  // As it should.
  if (control.verdict == Verdict::kRigError) {
    result.verdict = Verdict::kRigError;
    result.reason = absl::StrCat("in the control run: ", control.reason);
    return;
  }
  result.verdict = Verdict::kFailed;
  result.failures.push_back(
      {test.mark,
       "vacuous",
       "it also passes with its programs loaded but not attached, and so proves nothing "
       "about them",
       "",
       {}});
}

void TestRunner::RigError(const std::string& what, const daemon::RpcError& error, TestResult& result) {
  result.verdict = Verdict::kRigError;
  result.reason = absl::StrCat(what, ": ", daemon::Describe(error));
  if (!error.detail.hint().empty()) absl::StrAppend(&result.reason, "\nhint: ", error.detail.hint());
}

void TestRunner::NoteGone(const daemon::RpcError& error) {
  if (!daemon::IsUnreachable(error) || client_.IsCancelled()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (daemon_gone_.empty()) daemon_gone_ = error.message;
}

std::string TestRunner::DaemonGone() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return daemon_gone_;
}

}  // namespace bpfrig::client::run
