#include "client/command/exit_code.h"

#include <csignal>
#include <iostream>

namespace bpfrig::client::command {

int Fail(const absl::Status& status) {
  std::cerr << "bpfrig: " << status.message() << "\n";
  if (absl::IsInvalidArgument(status)) return kUsageError;
  return absl::IsCancelled(status) ? kInterrupted + SIGINT : kRigFailed;
}

int ExitCodeOf(const RunOptions& options, const report::Counts& counts, bool is_whole) {
  const bool ended_early = options.fail_fast && counts.failed > 0;
  if (!is_whole || counts.rig_errors > 0 || (counts.not_run > 0 && !ended_early)) return kRigFailed;
  if (counts.failed > 0) return kTestsFailed;
  if (counts.passed > 0 || options.allow_all_skipped) return kAllPassed;
  std::cerr << "bpfrig: every test was skipped, so nothing was tested; --allow-all-skipped lets that pass\n";
  return kAllSkipped;
}

}  // namespace bpfrig::client::command
