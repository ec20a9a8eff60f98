// Limits of this process: what it may raise for itself, and what others set.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bpfrig::kernel_os {

// Allows as many open files as the hard limit does.
[[nodiscard]] absl::Status RaiseOpenFilesLimit();
// The hard limit of open files, beyond which nothing that this process starts gets.
[[nodiscard]] absl::StatusOr<uint64_t> MostOpenFiles();

// The bytes of memory that the processes below `cgroup`, a directory of cgroup2, can have: the machine's, or
// the least memory.max of the cgroup and those above it.
[[nodiscard]] absl::StatusOr<uint64_t> MemoryFor(int cgroup);

// This process's place in the kernel's order of whom to kill when memory is short, from -1000 to 1000; the
// highest dies first. Without CAP_SYS_RESOURCE it cannot be set below what the process was given.
[[nodiscard]] int OwnOomScore();
// Does nothing if it may not.
void SetOwnOomScore(int score);

}  // namespace bpfrig::kernel_os
