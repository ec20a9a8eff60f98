// One run of a test in a sandbox of its own: opens it, does the steps, closes it, judges. The test runner has
// one trial for a test, and one more for each of its programs that it controls.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "bpfrig/v1/sandbox.pb.h"
#include "client/daemon/daemon_client.h"
#include "client/plan/plan.h"
#include "client/run/daemon_watch.h"
#include "client/run/load_watcher.h"
#include "client/run/log_directory.h"
#include "client/run/step_runner.h"
#include "client/run/test_record.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

using Features = std::map<std::string, bpfrig::v1::Feature>;

// What all trials of a run have in common; it outlives them.
struct Rig {
  daemon::DaemonClient& client;
  const Features& features;
  DaemonWatch& watch;
  // Where the verifier's logs of all loads are written to; null: nowhere.
  LogDirectory* logs = nullptr;
};

struct TrialOptions {
  // As `object/program`: one that does nothing takes its place. Then `setup` proves nothing, and that a
  // program never ran is not judged. Empty: a trial of the test itself.
  std::string inert;
  // Zero: none.
  std::chrono::milliseconds timeout{0};
  // Whether to find out which programs the test is about.
  bool lists_programs = false;
  // What is kept if the test fails; null: nothing.
  TestRecord* record = nullptr;
  // Sees and changes what is loaded; may be null.
  LoadWatcher* loads = nullptr;
};

class Trial {
 public:
  // The test outlives it; what came of it goes to `result`.
  Trial(const Rig& rig, const plan::Test& test, TrialOptions options, verdict::TestResult& result)
      : rig_(rig), test_(test), options_(std::move(options)), result_(result) {}

  void Run();

  // The rig failed because the worker was in a system call a second past a call's deadline.
  [[nodiscard]] bool IsHung() const { return is_hung_; }
  // The programs that were attached, test-run, or in a program array at the end, as `object/program`.
  [[nodiscard]] const std::vector<std::string>& programs() const { return programs_; }

 private:
  enum class Phase { kSetup, kTest, kTeardown };

  void RunInSandbox(Sandbox& sandbox);
  // Empty if no log is to be written.
  [[nodiscard]] WriteLog LogWriter() const;
  // True if every step did what it should.
  bool RunSteps(Phase phase, StepRunner& runner, Sandbox& sandbox);
  bool RunStep(const plan::Step& step, const std::string& what, StepRunner& runner, Sandbox& sandbox);
  StepOutcome TakeStep(const plan::Step& step, const std::string& what, StepRunner& runner);
  // True if the step did what it should.
  bool JudgeStep(const plan::Step& step, const std::string& what, StepOutcome outcome, StepRunner& runner,
                 Sandbox& sandbox);
  verdict::Failure DescribeFailure(const plan::Step& step, const std::string& what,
                                   StepOutcome outcome) const;
  bool TakeCaptures(const plan::Step& step, const std::string& what, const StepOutcome& outcome);
  void JudgeOpenError(const daemon::RpcError& error);
  void JudgeRigFailure(const std::string& what, const daemon::RpcError& error, Sandbox& sandbox);
  void ListPrograms(StepRunner& runner, Sandbox& sandbox);
  void Close(Sandbox& sandbox);
  void Fail(verdict::Failure failure);
  void RigError(const std::string& what, const daemon::RpcError& error);
  // Which programs ran in the step; empty if the daemon does not tell.
  std::string DescribeRuns(const plan::Step& step, StepRunner& runner) const;
  // Whose time was over: "the test's timeout of 2 s".
  [[nodiscard]] std::string DescribeTimeout(const plan::Step& step) const;

  const Rig& rig_;
  const plan::Test& test_;
  const TrialOptions options_;
  verdict::TestResult& result_;
  // A mapping, or null if there is nothing yet.
  plan::NodePtr captured_;
  // Before the ledger is there: of prog arrays, and as `run` steps name them.
  std::vector<std::string> named_;
  std::vector<std::string> programs_;
  bool is_hung_ = false;
};

// Why the daemon cannot count how often programs run; empty if it can.
[[nodiscard]] std::string WhyUncounted(const Features& features);

}  // namespace bpfrig::client::run
