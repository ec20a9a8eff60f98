// `bpfrig run`.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/command/commands.h"
#include "client/command/daemon_session.h"
#include "client/command/exit_code.h"
#include "client/command/load_plans.h"
#include "client/command/run_memory.h"
#include "client/command/shuffle.h"
#include "client/command/terminal.h"
#include "client/command/write_reports.h"
#include "client/report/report.h"
#include "client/run/test_pool.h"

namespace bpfrig::client::command {
namespace {

// How many tests at once: as many as asked for, if the daemon has room.
size_t Threads(const RunOptions& options, const bpfrig::v1::GetInfoResponse& info) {
  size_t threads = options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  if (info.max_sandboxes() > 0) threads = std::min<size_t>(threads, info.max_sandboxes());
  return threads;
}

bool CheckAllRequirements(const std::vector<plan::Test>& tests, const run::Features& features) {
  plan::Problems problems;
  for (const plan::Test& test : tests) run::CheckRequirements(test, features, problems);
  return PrintProblems(problems);
}

// What the command line itself takes away is told so.
run::Features FeaturesOf(const RunOptions& options, const bpfrig::v1::GetInfoResponse& info) {
  run::Features features = run::FeaturesOf(info);
  const auto perfmon = features.find("perfmon");
  if (options.daemon.private_daemon.no_perfmon && perfmon != features.end()) {
    perfmon->second.set_detail("--no-perfmon takes it away");
  }
  return features;
}

const char* SignalName(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "SIGHUP";  // The only other one that stop_signals.h catches.
  }
}

void PrintLogTail(const DaemonSession& session) {
  const std::string tail = session.LogTail();
  if (!tail.empty()) std::cerr << "bpfrig: the daemon's log ends:\n" << tail;
}

void KeepLastFailed(const RunMemory& memory, std::vector<plan::Test>& tests) {
  std::vector<plan::Test> failed;
  std::copy_if(tests.begin(), tests.end(), std::back_inserter(failed),
               [&](const plan::Test& test) { return memory.FailedLast(test); });
  if (failed.empty()) {
    std::cout << "none of these tests failed when it ran last: all are run\n";
    return;
  }
  tests = std::move(failed);
}

// Each test so many times, one after the other.
std::vector<plan::Test> Repeated(const std::vector<plan::Test>& tests, unsigned count) {
  std::vector<plan::Test> repeated;
  for (const plan::Test& test : tests) {
    for (unsigned i = 1; i <= count; ++i) {
      repeated.push_back(test);
      repeated.back().repetition = i;
      repeated.back().repetitions = count;
    }
  }
  return repeated;
}

std::vector<size_t> OrderOf(size_t tests, const std::optional<uint64_t>& shuffle) {
  if (shuffle) return ShuffledOrder(tests, ChooseSeed(*shuffle));
  std::vector<size_t> order(tests);
  std::iota(order.begin(), order.end(), size_t{0});
  return order;
}

// Where a run writes while it goes on.
struct OutputFolders {
  // Each null if it was not asked for.
  std::unique_ptr<run::LogDirectory> logs;
  std::unique_ptr<run::Artifacts> artifacts;

  // The first failure to write.
  [[nodiscard]] absl::Status status() const {
    absl::Status status = logs ? logs->status() : absl::OkStatus();
    if (artifacts) status.Update(artifacts->status());
    return status;
  }
};

absl::StatusOr<OutputFolders> OpenFolders(const RunOptions& options, const std::vector<plan::Test>& tests) {
  OutputFolders folders;
  if (!options.log_directory.empty()) {
    folders.logs = std::make_unique<run::LogDirectory>(options.log_directory);
    if (absl::Status made = folders.logs->Make(); !made.ok()) return made;
  }
  if (!options.artifacts.empty()) {
    auto artifacts = run::Artifacts::Open(options.artifacts, tests);
    if (!artifacts.ok()) return artifacts.status();
    folders.artifacts = *std::move(artifacts);
  }
  return folders;
}

run::RunnerOptions RunnerOptionsOf(const RunOptions& options, const RunMemory& memory,
                                   const OutputFolders& folders) {
  run::RunnerOptions runner;
  runner.logs = folders.logs.get();
  runner.artifacts = folders.artifacts.get();
  runner.timeout = std::chrono::milliseconds(static_cast<int64_t>(options.timeout_seconds * 1000));
  runner.needs_control = [&options, &memory](const plan::Test& test) {
    if (options.control == ControlMode::kNever || test.repetition > 1) return false;
    return options.control == ControlMode::kAlways || !memory.IsControlled(test);
  };
  return runner;
}

report::RunRecord RunAll(const RunOptions& options, const std::vector<plan::Test>& tests,
                         const DaemonSession& session, run::TestRunner& runner, report::Report& report) {
  report::RunRecord record;
  record.started = std::chrono::system_clock::now();
  record.results.resize(tests.size());
  const std::vector<size_t> order = OrderOf(tests.size(), options.shuffle);
  const auto started = std::chrono::steady_clock::now();
  run::PoolListener listener;
  listener.started = [&](size_t index) { report.Started(tests[index].plan, tests[index].ShownName()); };
  listener.done = [&](size_t index, verdict::TestResult result) {
    report.Add(result);
    record.results[index] = std::move(result);
  };
  run::RunTests(tests, order, {Threads(options, session.info()), options.retries, options.fail_fast}, runner,
                listener);
  report.Finish();
  record.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
  record.counts = report.counts();
  return record;
}

}  // namespace

int RunPlans(const RunOptions& options) {
  std::optional<std::vector<plan::Test>> selected = LoadPlans(options.plans);
  if (!selected) return kUsageError;
  RunMemory memory(UserCache::FromEnvironment());
  if (options.last_failed) KeepLastFailed(memory, *selected);
  const std::vector<plan::Test> tests = Repeated(*selected, options.count);
  absl::StatusOr<std::unique_ptr<DaemonSession>> opened = DaemonSession::Open(options.daemon);
  if (!opened.ok()) return Fail(opened.status());
  DaemonSession& session = **opened;
  const run::Features features = FeaturesOf(options, session.info());
  if (!CheckAllRequirements(tests, features)) return kUsageError;

  const absl::StatusOr<OutputFolders> folders = OpenFolders(options, tests);
  if (!folders.ok()) {
    std::cerr << "bpfrig: " << folders.status().message() << "\n";
    return kUsageError;
  }
  const report::Style style = StyleOfOutput(options.color);
  report::Report report(std::cout, style, tests.size());
  run::TestRunner runner(session.client(), features, RunnerOptionsOf(options, memory, *folders));
  const report::RunRecord record = RunAll(options, tests, session, runner, report);
  const report::Counts& counts = record.counts;
  memory.Note(tests, record.results);

  const absl::Status closed = session.Close();
  // A signal that comes while the daemon leaves is too late to stop anything.
  const int stop_signal = counts.not_run > 0 ? session.stop_signal() : 0;
  if (counts.rig_errors > 0 || !closed.ok()) PrintLogTail(session);
  if (!closed.ok()) std::cerr << "bpfrig: ending the private daemon: " << closed.message() << "\n";
  if (stop_signal != 0) {
    std::cout << "interrupted by " << SignalName(stop_signal) << " after " << tests.size() - counts.not_run
              << " of " << tests.size() << " tests\n";
  }
  bool is_reported = WriteReports(options.reports, record);
  if (const absl::Status written = folders->status(); !written.ok()) {
    std::cerr << "bpfrig: " << written.message() << "\n";
    is_reported = false;
  }
  std::cout << report::Summary(counts);
  // A log is compared with others; a person wants to know.
  if (style.columns > 0) std::cout << " in " << report::Duration(record.duration);
  std::cout << std::endl;
  if (stop_signal != 0) return kInterrupted + stop_signal;
  return ExitCodeOf(options, counts, closed.ok() && is_reported);
}

}  // namespace bpfrig::client::command
