// Cgroup: the one owner of a cgroup2 directory: made, killed and removed through directory descriptors, so
// that a re-created directory of the same name is never mistaken for it. The supervisor holds one per process
// that it starts; InstanceDirectory uses the functions below to remove what an earlier daemon left.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// Ends every process in the cgroup and, from Linux 5.14, in those below it (cgroup.kill). Before that it
// signals the cgroup's own processes until there are none, which takes CAP_SETUID or CAP_KILL, and may take
// until `deadline`. They die a moment later: wait for that with Cgroup::Remove. OK if the cgroup is gone.
[[nodiscard]] absl::Status KillCgroup(int cgroup, absl::string_view what, absl::Time deadline);

// Kills every process in the cgroup `name` under `parent`, and removes it and all below it.
[[nodiscard]] absl::Status RemoveCgroupTree(int parent, const std::string& name, absl::string_view what,
                                            absl::Time deadline);

// Whether cgroup.events says that a process lives in the cgroup or below it.
[[nodiscard]] bool IsPopulated(absl::string_view cgroup_events);

// The processes of the cgroup that can be seen from here.
[[nodiscard]] absl::StatusOr<std::vector<pid_t>> ReadProcesses(int cgroup, absl::string_view what);

// What all processes in a cgroup may take together. 0 is no limit, and takes no controller.
struct CgroupLimits {
  uint64_t memory_bytes = 0;
  uint32_t processes = 0;
};

// What a cgroup is held to now.
[[nodiscard]] CgroupLimits ReadLimits(int cgroup);

class Cgroup {
 public:
  // Makes the cgroup `name` under `parent`, a directory that outlives the Cgroup.
  static absl::StatusOr<Cgroup> Create(int parent, const std::string& name);
  // No cgroup.
  Cgroup() = default;
  // Kills and removes what Remove has not removed.
  ~Cgroup();

  Cgroup(Cgroup&& other) noexcept { Swap(other); }
  Cgroup& operator=(Cgroup&& other) noexcept {
    Swap(other);
    return *this;
  }

  // The directory, open for reading: good for CLONE_INTO_CGROUP, for links, and for a worker to hold.
  [[nodiscard]] int Get() const { return directory_.Get(); }
  [[nodiscard]] const std::string& name() const { return name_; }

  // Sets memory.max and pids.max; before the first process, so that all of its memory counts.
  [[nodiscard]] absl::Status Limit(const CgroupLimits& limits) const;
  [[nodiscard]] absl::Status Kill(absl::Time deadline) const;
  // Waits until the cgroup is empty and removes it. A second call does nothing.
  [[nodiscard]] absl::Status Remove(absl::Time deadline);
  // Leaves the cgroup where it is.
  void Abandon() { directory_.Close(); }

 private:
  Cgroup(int parent, std::string name, common::Fd directory)
      : parent_(parent), name_(std::move(name)), directory_(std::move(directory)) {}
  void Swap(Cgroup& other) noexcept;

  int parent_ = -1;  // borrowed
  std::string name_;
  common::Fd directory_;  // open as long as there is something to remove
};

}  // namespace bpfrig::kernel_os
