// What the process ends with, for scripts.
#pragma once

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

}  // namespace bpfrig::client::command
