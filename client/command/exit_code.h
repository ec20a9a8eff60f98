// What the process ends with, for scripts.
#pragma once

namespace bpfrig::client::command {

inline constexpr int kAllPassed = 0;
inline constexpr int kTestsFailed = 1;
// The command line, or a plan, is wrong; nothing was run.
inline constexpr int kUsageError = 2;
// The rig failed: no daemon, or one that broke. Comes before failed tests, as their verdicts may be its
// doing.
inline constexpr int kRigFailed = 3;
// And the signal's number, where one ended the run.
inline constexpr int kInterrupted = 128;

}  // namespace bpfrig::client::command
