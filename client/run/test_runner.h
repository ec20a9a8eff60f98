// Runs one test, and controls it: what it is about must matter to it. Called from many threads at once.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "bpfrig/v1/sandbox.pb.h"
#include "client/daemon/daemon_client.h"
#include "client/plan/plan.h"
#include "client/run/artifacts.h"
#include "client/run/daemon_watch.h"
#include "client/run/load_watcher.h"
#include "client/run/log_directory.h"
#include "client/run/trial.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

[[nodiscard]] Features FeaturesOf(const bpfrig::v1::GetInfoResponse& info);

// A test that requires what no daemon of this kind knows is a mistake in the plan.
void CheckRequirements(const plan::Test& test, const Features& features, plan::Problems& problems);

// A test that did not run, because the run ended before it.
[[nodiscard]] verdict::TestResult NotRun(const plan::Test& test);

struct RunnerOptions {
  // For tests that have none of their own; zero: none.
  std::chrono::milliseconds timeout{0};
  // Tests for which this is true, and that pass, run again once for each of their programs, with one in its
  // place that does nothing. A test that still passes is vacuous for that program, and fails. Asked from many
  // threads.
  std::function<bool(const plan::Test& test)> needs_control;
  // Where the verifier's logs of all loads are written to; null: nowhere.
  LogDirectory* logs = nullptr;
  // Where tests that fail leave what there is to see of them; null: nowhere.
  Artifacts* artifacts = nullptr;
};

class TestRunner {
 public:
  // `client` outlives it, and so does what the options point to.
  TestRunner(daemon::DaemonClient& client, Features features, RunnerOptions options)
      : client_(client), features_(std::move(features)), options_(std::move(options)), watch_(client) {}

  [[nodiscard]] verdict::TestResult Run(const plan::Test& test);

  // One trial of the test, with what it loads watched, and perhaps changed. Zero: no time of ours.
  struct WatchedResult {
    verdict::TestResult result;
    // A program did not end: what came of it is a rig error, and only this tells that no rig is broken.
    bool is_hung = false;
  };
  [[nodiscard]] WatchedResult RunWatched(const plan::Test& test, LoadWatcher& loads,
                                         std::chrono::milliseconds timeout);

 private:
  // Why this daemon cannot run it; empty if it can.
  [[nodiscard]] std::string WhySkipped(const plan::Test& test) const;
  void RunTrials(const plan::Test& test, TestRecord* record, verdict::TestResult& result);
  // False if there is nothing more to control.
  bool Control(const plan::Test& test, const std::string& program, TrialOptions options,
               verdict::TestResult& result);

  daemon::DaemonClient& client_;
  const Features features_;
  const RunnerOptions options_;
  DaemonWatch watch_;
  const Rig rig_{client_, features_, watch_, options_.logs};
};

}  // namespace bpfrig::client::run
