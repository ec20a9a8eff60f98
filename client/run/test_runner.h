// Runs one test: opens its sandbox, does its steps, closes it, judges. Called from many threads at once.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "bpfrig/v1/sandbox.pb.h"
#include "client/daemon/daemon_client.h"
#include "client/plan/plan.h"
#include "client/run/log_directory.h"
#include "client/run/step_runner.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

using Features = std::map<std::string, bpfrig::v1::Feature>;
[[nodiscard]] Features FeaturesOf(const bpfrig::v1::GetInfoResponse& info);

// A test that requires what no daemon of this kind knows is a mistake in the plan.
void CheckRequirements(const plan::Test& test, const Features& features, plan::Problems& problems);

class TestRunner {
 public:
  // `client` outlives it, and so does `logs`, where those of all loads are written to if it is not null. With
  // `control`, each test that passes runs again with its programs loaded but not attached; one that passes
  // then, too, fails as vacuous.
  TestRunner(daemon::DaemonClient& client, Features features, bool control, LogDirectory* logs = nullptr)
      : client_(client), features_(std::move(features)), control_(control), logs_(logs) {}

  [[nodiscard]] verdict::TestResult Run(const plan::Test& test);

 private:
  void RunInSandbox(const plan::Test& test, AttachMode attach, verdict::TestResult& result);
  // True if every step did what it should.
  bool RunSteps(const plan::Test& test, AttachMode attach, Sandbox& sandbox, verdict::TestResult& result);
  // True if the step did what it should.
  bool JudgeStep(const plan::Step& step, const std::string& what, StepOutcome outcome, StepRunner& runner,
                 Sandbox& sandbox, verdict::TestResult& result);
  void JudgeRigFailure(const std::string& what, const daemon::RpcError& error, Sandbox& sandbox,
                       verdict::TestResult& result);
  // Which programs ran in the step; empty if the daemon does not tell.
  std::string DescribeRuns(const plan::Step& step, StepRunner& runner) const;
  void JudgeOpenError(const plan::Test& test, const daemon::RpcError& error, verdict::TestResult& result);
  void Close(const plan::Test& test, AttachMode attach, Sandbox& sandbox, verdict::TestResult& result);
  void RunControl(const plan::Test& test, verdict::TestResult& result);
  void RigError(const std::string& what, const daemon::RpcError& error, verdict::TestResult& result);

  // Tells the tests to come, if the error says that the daemon is gone.
  void NoteGone(const daemon::RpcError& error);
  // Why there is no daemon any more; empty while there is one.
  [[nodiscard]] std::string DaemonGone() const;

  daemon::DaemonClient& client_;
  const Features features_;
  const bool control_;
  LogDirectory* const logs_;
  mutable std::mutex mutex_;
  std::string daemon_gone_;
};

}  // namespace bpfrig::client::run
