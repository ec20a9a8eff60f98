// WorkerPool: the living workers by number: spawns each in a network namespace, a cgroup and under a uid of
// its own, kills and reaps them. Owned by the supervisor, whose loop polls their pidfds.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"
#include "daemon/supervisor/confined_process.h"
#include "daemon/supervisor/lifeline.h"
#include "daemon/supervisor/map_memory_account.h"
#include "daemon/supervisor/memory_limits.h"

namespace bpfrig::supervisor {

// How many uids there are for workers, and so how many may live at once.
inline constexpr uint32_t kWorkerUids = 4000;

// How long a process that was killed may take to die.
inline constexpr absl::Duration kDyingPatience = absl::Seconds(5);

// Where a worker finds the descriptors that it is given.
inline constexpr int kWorkerChannelNumber = 3;
inline constexpr int kWorkerCgroupNumber = 4;
inline constexpr int kWorkerLifelineNumber = 5;
inline constexpr int kWorkerFilterNumber = 6;
inline constexpr int kWorkerMapMemoryNumber = 7;

// What a worker may do.
[[nodiscard]] std::vector<int> WorkerCapabilities(bool perfmon);

struct WorkerSettings {
  // The directory under which their cgroups are made. Outlives the pool.
  int instance = -1;
  // What they run, opened O_PATH.
  common::Fd executable;
  // The filter of system calls that they install (daemon/seccomp).
  common::Fd filter;
  // The first of their uids.
  uint32_t first_uid = 0;
  // As many at once; no more than kWorkerUids.
  size_t limit = 0;
  bool perfmon = true;
  MemoryLimits memory;
  // What their cgroups are held to, and if that is not all why; passed on.
  kernel_os::CgroupLimits cgroup_limits;
  std::string cgroup_obstacle;
  // Passed on.
  std::vector<std::string> allow_load;
  bool runs_counted = false;
  std::string log_level;
  std::string log_format = "text";
};

class WorkerPool {
 public:
  static absl::StatusOr<WorkerPool> Make(WorkerSettings settings);

  // Starts the worker; returns the front's end of its channel. `open_files` is its RLIMIT_NOFILE, 0 for the
  // default; LIMIT_REACHED if it is more than that or our own.
  [[nodiscard]] absl::StatusOr<common::Fd> Spawn(uint64_t number, uint32_t open_files);
  // Ends the worker at once; nothing if it is gone. Its pidfd tells when it is dead.
  void Kill(uint64_t number);
  // Reaps a worker whose pidfd is readable, with everything that it left.
  [[nodiscard]] absl::StatusOr<kernel_os::ProcessEnd> Reap(uint64_t number);
  // Kills all, and reaps those that die: waits for the others as long as now and then one does, but not past
  // the deadline, and leaves them and their cgroups alone then. Returns how many those are.
  [[nodiscard]] size_t EndAll(absl::Time deadline);

  // What to poll: number and pidfd of every worker.
  [[nodiscard]] std::vector<std::pair<uint64_t, int>> Pidfds() const;
  // The same for the sockets by which they ask for map memory.
  [[nodiscard]] std::vector<std::pair<uint64_t, int>> MapMemorySockets() const;
  // Answers a worker whose socket is readable.
  void AnswerMapMemory(uint64_t number);
  // When LogStuck wants to be called next.
  [[nodiscard]] absl::Time NextDeadline() const;
  // Complains, once, of workers that were killed and do not die.
  void LogStuck(absl::Time now);

 private:
  struct Worker {
    ConfinedProcess process;
    common::Fd map_memory;  // not open once it has ended, or said nonsense
    uint32_t uid = 0;
    absl::Time stuck_after = absl::InfiniteFuture();
  };

  WorkerPool(WorkerSettings settings, Lifeline lifeline)
      : settings_(std::move(settings)),
        lifeline_(std::move(lifeline)),
        map_memory_(settings_.memory.all_maps) {}
  [[nodiscard]] std::vector<std::string> Arguments(uint64_t number) const;
  [[nodiscard]] uint32_t ChooseUid(uint64_t number) const;
  // Reaps those that have died; waits for one that does until the deadline. Whether there was one.
  [[nodiscard]] bool ReapSome(absl::Time deadline);

  WorkerSettings settings_;
  Lifeline lifeline_;  // one for all: its write end is nobody's but ours
  std::map<uint64_t, Worker> workers_;
  std::set<uint32_t> used_uids_;
  MapMemoryAccount map_memory_;
};

}  // namespace bpfrig::supervisor
