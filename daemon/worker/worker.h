// The process behind one sandbox, from its start to its end. Called by main, in a process that the supervisor
// has put into the sandbox's network namespace and cgroup.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fd.h"
#include "daemon/worker/objects/map_memory.h"

namespace bpfrig::worker {

struct WorkerOptions {
  // The front's number for it, for the log.
  uint64_t number = 0;
  // The sandbox's channel.
  common::Fd channel;
  // The sandbox's cgroup directory.
  common::Fd cgroup;
  // Readable at its end once the supervisor has gone.
  common::Fd lifeline;
  // The filter of system calls to install before the first call is served; not open for none.
  common::Fd filter;
  // Whether the supervisor holds BPF_ENABLE_STATS.
  bool runs_counted = false;
  // What may load beside what the lists allow, checked by who started us.
  std::vector<std::string> allow_load;
  MapMemoryLimits map_memory;
  // To the supervisor, which keeps the sum of all sandboxes' map memory; not open if nobody does.
  common::Fd map_memory_socket;
  // Why the cgroup has no limits of the kernel, or not all; empty if it has.
  std::string cgroup_obstacle;
};

// Serves calls until the channel or the lifeline ends. Returns the process's exit status. What the sandbox
// holds is left to the kernel, which undoes it with the process: return from main without further ado.
[[nodiscard]] int RunWorker(WorkerOptions options);

}  // namespace bpfrig::worker
