#include "client/run/trial.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/plan/steps/deferred.h"
#include "client/verdict/advice.h"
#include "client/verdict/call_error.h"
#include "client/verdict/captures.h"
#include "client/verdict/programs.h"
#include "client/verdict/runs.h"

namespace bpfrig::client::run {
namespace {

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

// A year: no deadline.
StepRunner::TimePoint DeadlineOf(std::chrono::milliseconds timeout) {
  return std::chrono::steady_clock::now() + (timeout.count() > 0 ? timeout : std::chrono::hours(24 * 365));
}

std::string InSeconds(std::chrono::milliseconds duration) {
  return duration.count() % 1000 == 0 ? absl::StrCat(duration.count() / 1000, " s")
                                      : absl::StrCat(duration.count(), " ms");
}

void AddLine(std::string line, std::string& text) {
  if (!text.empty() && !line.empty()) text += '\n';
  text += line;
}

}  // namespace

std::string WhyUncounted(const Features& features) {
  const auto feature = features.find("run_counts");
  return feature == features.end() || feature->second.supported() ? "" : feature->second.detail();
}

void Trial::Run() {
  if (const std::string gone = rig_.watch.Gone(); !gone.empty()) {
    result_.verdict = Verdict::kRigError;
    result_.reason = absl::StrCat("not tried, as the daemon is gone: ", gone);
    return;
  }
  auto opened = Sandbox::Open(rig_.client, test_.sandbox.request);
  if (const auto* error = std::get_if<daemon::RpcError>(&opened)) return JudgeOpenError(*error);
  result_.verdict = Verdict::kPassed;
  Sandbox& sandbox = *std::get<std::unique_ptr<Sandbox>>(opened);
  RunInSandbox(sandbox);
  is_hung_ = sandbox.IsHung();
}

WriteLog Trial::LogWriter() const {
  // A control run loads the same once more.
  if (rig_.logs == nullptr || !options_.inert.empty()) return {};
  return [this](const std::string& object, const std::string& log) {
    return rig_.logs->Write(test_, object, log);
  };
}

void Trial::RunInSandbox(Sandbox& sandbox) {
  StepRunner runner(sandbox, options_.inert, DeadlineOf(options_.timeout), LogWriter(), options_.record,
                    options_.loads);
  const bool is_set_up = RunSteps(Phase::kSetup, runner, sandbox);
  if (is_set_up && RunSteps(Phase::kTest, runner, sandbox)) ListPrograms(runner, sandbox);
  const bool is_recorded = options_.record != nullptr && result_.verdict != Verdict::kRigError;
  if (is_recorded) options_.record->TakeMaps(sandbox);
  // What is taken down has its time, however long the test took.
  runner.SetDeadline(DeadlineOf(std::chrono::milliseconds(0)));
  if (result_.verdict != Verdict::kRigError) RunSteps(Phase::kTeardown, runner, sandbox);
  if (is_recorded && result_.verdict != Verdict::kRigError) {
    options_.record->TakeRest(sandbox, result_.verdict == Verdict::kFailed);
  }
  if (result_.verdict == Verdict::kPassed) {
    if (options_.loads != nullptr) options_.loads->AtEnd(sandbox);
    Close(sandbox);
  } else if (result_.verdict == Verdict::kFailed) {
    // The sandbox is torn down before its test is reported; what it says now no longer matters.
    static_cast<void>(sandbox.Close());
  }
}

bool Trial::RunSteps(Phase phase, StepRunner& runner, Sandbox& sandbox) {
  const std::vector<plan::Step>& steps = phase == Phase::kSetup  ? test_.setup
                                         : phase == Phase::kTest ? test_.steps
                                                                 : test_.teardown;
  const char* kind = phase == Phase::kSetup  ? "setup step "
                     : phase == Phase::kTest ? "step "
                                             : "teardown step ";
  bool all_held = true;
  for (size_t i = 0; i < steps.size() && result_.verdict != Verdict::kRigError; ++i) {
    const std::string what = absl::StrCat(kind, i + 1, ", ", steps[i].name, steps[i].used_at);
    if (RunStep(steps[i], what, runner, sandbox)) continue;
    if (phase == Phase::kSetup && !options_.inert.empty() && result_.verdict == Verdict::kFailed) {
      // Only what the test itself expects can show that the program matters to it.
      result_.verdict = Verdict::kPassed;
      result_.failures.clear();
      continue;
    }
    all_held = false;
    if (phase != Phase::kTeardown) break;
  }
  return all_held;
}

bool Trial::RunStep(const plan::Step& step, const std::string& what, StepRunner& runner, Sandbox& sandbox) {
  std::optional<plan::Step> read_now;
  if (step.deferred != nullptr) {
    plan::Problems problems;
    read_now = plan::ReadWithCaptured(step, captured_, problems);
    if (!problems.Empty()) {
      const plan::Problem problem = problems.Sorted().front();
      Fail({problem.mark, what, problem.message, "", {}});
      return false;
    }
  }
  const plan::Step& ready = read_now ? *read_now : step;
  if (const std::string why_not = WhyUncounted(rig_.features); !ready.runs.empty() && !why_not.empty()) {
    Fail({ready.runs[0].program.mark,
          absl::StrCat(what, ", runs"),
          absl::StrCat("this daemon cannot count runs: ", why_not),
          "`requires: [run_counts]` skips the test then",
          {}});
    return false;
  }
  if (options_.record != nullptr) options_.record->BeginStep(ready, what, sandbox);
  StepOutcome outcome = TakeStep(ready, what, runner);
  if (!outcome.note.empty()) result_.notes.push_back({ready.mark, what, std::move(outcome.note)});
  if (Holds(ready, outcome)) return TakeCaptures(ready, what, outcome);
  return JudgeStep(ready, what, std::move(outcome), runner, sandbox);
}

StepOutcome Trial::TakeStep(const plan::Step& step, const std::string& what, StepRunner& runner) {
  const auto start = std::chrono::steady_clock::now();
  StepOutcome outcome = runner.Run(step);
  const auto duration = std::chrono::steady_clock::now() - start;
  result_.steps.push_back({step.mark, what, std::chrono::duration_cast<std::chrono::microseconds>(duration)});
  return outcome;
}

bool Trial::TakeCaptures(const plan::Step& step, const std::string& what, const StepOutcome& outcome) {
  if (outcome.answer) {
    verdict::Differences differences = verdict::Capture(step, *outcome.answer, captured_);
    if (differences.empty()) return true;
    Fail({step.mark, what, "", "", std::move(differences)});
    return false;
  }
  if (step.captures.empty()) return true;
  Fail({step.captures[0].mark, what, "a call that failed has no answer to capture from", "", {}});
  return false;
}

bool Trial::JudgeStep(const plan::Step& step, const std::string& what, StepOutcome outcome,
                      StepRunner& runner, Sandbox& sandbox) {
  const std::string where = absl::StrCat(ToString(step.mark), ": ", what);
  const bool is_final = outcome.is_final;
  if (outcome.error && daemon::IsRigFailure(*outcome.error) && !outcome.is_late) {
    JudgeRigFailure(where, *outcome.error, sandbox);
    return false;
  }
  if (outcome.count_error) {
    JudgeRigFailure(absl::StrCat(where, ", runs"), *outcome.count_error, sandbox);
    return false;
  }
  verdict::Failure failure = DescribeFailure(step, what, std::move(outcome));
  if (const std::string end = sandbox.EndMessage(); !end.empty()) {
    result_.verdict = Verdict::kRigError;
    result_.reason = absl::StrCat(where, ": ", end);
    return false;
  }
  if (step.call.within.count() > 0 && !is_final && !failure.differences.empty()) {
    AddLine(absl::StrCat("this is the last of what came within ", InSeconds(step.call.within)), failure.note);
  }
  AddLine(verdict::AdviseAddresses(test_, failure.differences), failure.note);
  AddLine(DescribeRuns(step, runner), failure.note);
  Fail(std::move(failure));
  return false;
}

verdict::Failure Trial::DescribeFailure(const plan::Step& step, const std::string& what,
                                        StepOutcome outcome) const {
  verdict::Failure failure{step.mark, what, "", "", {}};
  if (outcome.is_late) failure.error = absl::StrCat(DescribeTimeout(step), " was over");
  // The time that was left was the call's deadline.
  const bool is_cut = outcome.error && daemon::IsRigFailure(*outcome.error);
  if (is_cut) return failure;
  failure.note = std::move(outcome.clue);
  const bpfrig::v1::ErrorDetail* detail = outcome.error ? &outcome.error->detail : nullptr;
  failure.differences = verdict::CompareCallError(step, detail);
  if (detail != nullptr && (!verdict::MayFail(step) || !failure.differences.empty())) {
    failure.mark = plan::MarkOfField(step, detail->field());
    if (!detail->field().empty()) {
      absl::StrAppend(&failure.what, ", ", plan::WordsOfField(step, detail->field()));
    }
    AddLine(daemon::Describe(*outcome.error), failure.error);
    failure.hint = detail->hint();
    if (detail->reason() == bpfrig::v1::ERROR_REASON_DUPLICATE_NAME) {
      AddLine(verdict::AdviseName(test_, step, detail->object()), failure.note);
    }
    if (detail->reason() == bpfrig::v1::ERROR_REASON_TYPE_MISMATCH && failure.hint.empty()) {
      failure.hint = verdict::AdviseQuotes(*plan::NodeOfField(step, detail->field()));
    }
  }
  failure.differences =
      verdict::JoinDifferences(step, std::move(failure.differences), std::move(outcome.differences));
  std::move(outcome.runs.begin(), outcome.runs.end(), std::back_inserter(failure.differences));
  return failure;
}

std::string Trial::DescribeTimeout(const plan::Step& step) const {
  const bool is_steps =
      step.timeout.count() > 0 && (options_.timeout.count() == 0 || step.timeout <= options_.timeout);
  return absl::StrCat(is_steps ? "the step's" : "the test's", " timeout of ",
                      InSeconds(is_steps ? step.timeout : options_.timeout));
}

void Trial::JudgeOpenError(const daemon::RpcError& error) {
  // Settings that the daemon does not take are the plan's mistake.
  const auto mark = MarkOfSandboxField(test_.sandbox, error.detail.field());
  if (mark && !daemon::IsRigFailure(error)) {
    return Fail({*mark, "sandbox", daemon::Describe(error), error.detail.hint(), {}});
  }
  RigError("the sandbox did not open", error);
  rig_.watch.Note(error);
}

void Trial::JudgeRigFailure(const std::string& what, const daemon::RpcError& error, Sandbox& sandbox) {
  const std::string end = sandbox.WaitForEnd(EndMessageTimeout(error)) ? sandbox.EndMessage() : std::string();
  RigError(what, error);
  if (!end.empty()) absl::StrAppend(&result_.reason, "\n", end);
  // A daemon that tells how the sandbox ended is there.
  if (!sandbox.IsEndTold()) rig_.watch.Note(error);
}

std::string Trial::DescribeRuns(const plan::Step& step, StepRunner& runner) const {
  if (!step.runs.empty() || !WhyUncounted(rig_.features).empty()) return "";
  bpfrig::v1::CountRunsResponse counts;
  // The test has failed already; a daemon that does not tell more is no reason to say anything.
  if (runner.CountRuns(counts)) return "";
  return verdict::DescribeRuns(step, counts);
}

void Trial::ListPrograms(StepRunner& runner, Sandbox& sandbox) {
  if (!options_.lists_programs) return;
  if (auto error = runner.ReadProgramArrays(named_)) {
    return JudgeRigFailure("reading program arrays for the control", *error, sandbox);
  }
  for (const std::vector<plan::Step>* steps : {&test_.setup, &test_.steps}) {
    for (const plan::Step& step : *steps) {
      if (step.call.method->input_type() != bpfrig::v1::RunProgramRequest::descriptor()) continue;
      named_.push_back(plan::As<bpfrig::v1::RunProgramRequest>(*step.call.request).program());
    }
  }
}

void Trial::Close(Sandbox& sandbox) {
  auto closed = sandbox.Close();
  if (const auto* error = std::get_if<daemon::RpcError>(&closed)) {
    RigError("the sandbox did not close", *error);
    return rig_.watch.Note(*error);
  }
  const auto& ledger = std::get<bpfrig::v1::CloseSandboxResponse>(closed);
  if (!ledger.closed()) {
    result_.verdict = Verdict::kRigError;
    result_.reason = absl::StrCat("the sandbox was gone before it was closed\n", sandbox.EndMessage());
    return;
  }
  for (const bpfrig::v1::ProgramLedger& program : ledger.programs()) {
    const auto is_named = [&](const std::string& name) { return verdict::Names(name, program.program()); };
    if (program.attached() || std::any_of(named_.begin(), named_.end(), is_named)) {
      programs_.push_back(program.program());
    }
  }
  if (!options_.inert.empty()) return;
  verdict::Differences differences = verdict::CompareLedger(test_, ledger);
  if (!differences.empty()) Fail({test_.mark, "the test as a whole", "", "", std::move(differences)});
}

void Trial::Fail(verdict::Failure failure) {
  result_.verdict = Verdict::kFailed;
  result_.failures.push_back(std::move(failure));
}

void Trial::RigError(const std::string& what, const daemon::RpcError& error) {
  result_.verdict = Verdict::kRigError;
  result_.reason = absl::StrCat(what, ": ", daemon::Describe(error));
  if (!error.detail.hint().empty()) absl::StrAppend(&result_.reason, "\nhint: ", error.detail.hint());
}

}  // namespace bpfrig::client::run
