// `bpfrig run`.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/command/commands.h"
#include "client/command/daemon_session.h"
#include "client/command/exit_code.h"
#include "client/command/load_plans.h"
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

int ExitCode(const report::Counts& counts, int stop_signal) {
  if (stop_signal != 0) return kInterrupted + stop_signal;
  if (counts.rig_errors > 0 || counts.not_run > 0) return kRigFailed;
  return counts.failed > 0 ? kTestsFailed : kAllPassed;
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

}  // namespace

int RunPlans(const RunOptions& options) {
  const std::optional<std::vector<plan::Test>> tests = LoadPlans(options.plans);
  if (!tests) return kUsageError;
  absl::StatusOr<std::unique_ptr<DaemonSession>> opened = DaemonSession::Open(options.daemon);
  if (!opened.ok()) {
    std::cerr << "bpfrig: " << opened.status().message() << "\n";
    return ExitCodeOf(opened.status());
  }
  DaemonSession& session = **opened;
  const run::Features features = run::FeaturesOf(session.info());
  if (!CheckAllRequirements(*tests, features)) return kUsageError;

  std::optional<run::LogDirectory> logs;
  if (!options.log_directory.empty()) {
    const absl::Status made = logs.emplace(options.log_directory).Make();
    if (!made.ok()) {
      std::cerr << "bpfrig: " << made.message() << "\n";
      return kUsageError;
    }
  }
  report::Report report(std::cout, isatty(STDOUT_FILENO) == 1, tests->size());
  run::TestRunner runner(session.client(), features, options.control, logs ? &*logs : nullptr);
  report::RunRecord record;
  record.started = std::chrono::system_clock::now();
  record.results.resize(tests->size());
  const auto started = std::chrono::steady_clock::now();
  run::RunTests(*tests, Threads(options, session.info()), runner,
                [&](size_t index, verdict::TestResult result) {
                  record.results[index] = result;
                  report.Add(index, std::move(result));
                });
  record.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);

  const report::Counts counts = report.counts();
  record.counts = counts;
  const absl::Status closed = session.Close();
  // A signal that comes while the daemon leaves is too late to stop anything.
  const int stop_signal = counts.not_run > 0 ? session.stop_signal() : 0;
  if (counts.rig_errors > 0 || !closed.ok()) PrintLogTail(session);
  if (!closed.ok()) std::cerr << "bpfrig: ending the private daemon: " << closed.message() << "\n";
  if (stop_signal != 0) {
    std::cout << "interrupted by " << SignalName(stop_signal) << " after " << tests->size() - counts.not_run
              << " of " << tests->size() << " tests\n";
  }
  bool is_reported = WriteReports(options.reports, record);
  if (const absl::Status logged = logs ? logs->status() : absl::OkStatus(); !logged.ok()) {
    std::cerr << "bpfrig: " << logged.message() << "\n";
    is_reported = false;
  }
  std::cout << report::Summary(counts) << std::endl;
  const int code = ExitCode(counts, stop_signal);
  return (closed.ok() && is_reported) || code >= kRigFailed ? code : kRigFailed;
}

}  // namespace bpfrig::client::command
