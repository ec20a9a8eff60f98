// What the process ends with, for scripts.
#pragma once

#include "absl/status/status.h"
#include "client/command/options.h"
#include "client/report/report.h"

namespace bpfrig::client::command {

inline constexpr int kAllPassed = 0;
inline constexpr int kTestsFailed = 1;
// The command line, or a plan, is wrong; nothing was run.
inline constexpr int kUsageError = 2;
// The rig failed: no daemon, or one that broke. Goes before failed tests, because the rig's failure may have
// caused them.
inline constexpr int kRigFailed = 3;
// Every test was skipped, and so nothing was tested.
inline constexpr int kAllSkipped = 4;
// Plus the signal's number, if one ended the run.
inline constexpr int kInterrupted = 128;

// Says why a command could not do its work, and what to end with: kUsageError if the command line asks for
// what cannot be had (INVALID_ARGUMENT), a signal's if that came first (CANCELLED), otherwise kRigFailed.
[[nodiscard]] int Fail(const absl::Status& status);

// Of a run that came to these counts, `is_whole` if the rig did all that it should. Prints that nothing was
// tested if that is so.
[[nodiscard]] int ExitCodeOf(const RunOptions& options, const report::Counts& counts, bool is_whole);

}  // namespace bpfrig::client::command
