// What sandboxes may take of the machine's memory, and of its processes: by the worker's own sums of what its
// maps will take, and by the controllers of its cgroup if there are any. The supervisor chooses it at start.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_controllers.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::supervisor {

inline constexpr char kMemoryController[] = "memory";
inline constexpr char kProcessesController[] = "pids";

// In bytes; none is 0.
struct MemoryLimits {
  // The maps of one sandbox, and those of all.
  uint64_t maps = 0;
  uint64_t all_maps = 0;
  // All of one sandbox: its maps, its worker, what it sends and receives.
  uint64_t sandbox = 0;
};

// The operator's, or else what suits the memory that `cgroup` may have, in which all sandboxes are.
[[nodiscard]] absl::StatusOr<MemoryLimits> ChooseMemoryLimits(const Options& options, int cgroup);
// The same for a known amount of memory.
[[nodiscard]] MemoryLimits MemoryLimitsFor(const Options& options, uint64_t memory);

// What of it the controllers can hold a sandbox to.
[[nodiscard]] kernel_os::CgroupLimits SandboxCgroupLimits(const MemoryLimits& limits,
                                                          const kernel_os::CgroupControllers& controllers);

}  // namespace bpfrig::supervisor
