// InstanceDirectory: the cgroup `bpfrig-SLOT` under which one daemon makes all others, locked with flock for
// as long as the daemon lives. The slot's number also keeps the uids of two daemons on one machine apart. The
// lock is on the directory's inode: it holds across mounts and cgroup namespaces. Owned by the supervisor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"
#include "daemon/kernel_os/cgroup_root.h"

namespace bpfrig::kernel_os {

// Slots are below this, so that uid ranges stay within bounds.
inline constexpr uint32_t kMaxSlots = 1024;

// Whether a directory of that name is a daemon's.
[[nodiscard]] bool IsInstanceName(const std::string& name);
// Whether a living daemon holds the directory at `path`, which messages call `name`.
[[nodiscard]] absl::StatusOr<bool> HasHolder(const std::string& path, const std::string& name);

class InstanceDirectory {
 public:
  // Claims a slot in the first place that takes one. The error names every place that was tried, and why not.
  static absl::StatusOr<InstanceDirectory> Claim(const std::vector<CgroupPlace>& places);
  // Claims a slot in the directory `root`, which messages call `root_name`. Then removes what daemons that
  // died left there, their processes included, and touches nothing else. What still has a process that does
  // not die stays, and so does its slot, until a later daemon begins or ends.
  static absl::StatusOr<InstanceDirectory> ClaimIn(common::Fd root, const std::string& root_name);
  // Removes what Remove has not removed.
  ~InstanceDirectory();

  InstanceDirectory(InstanceDirectory&&) = default;
  InstanceDirectory& operator=(InstanceDirectory&&) = delete;

  [[nodiscard]] uint32_t slot() const { return slot_; }
  // The open directory: what new cgroups are made under.
  [[nodiscard]] int Get() const { return directory_.Get(); }
  // For messages.
  [[nodiscard]] const std::string& path() const { return path_; }
  // The directory that it was made in.
  [[nodiscard]] int root() const { return root_.Get(); }
  [[nodiscard]] const CgroupPlace& place() const { return place_; }

  // Kills and removes everything below, then the directory itself, and releases the slot.
  [[nodiscard]] absl::Status Remove(absl::Time deadline);
  // Releases the slot with what is in it, for a later daemon to remove.
  void Abandon();

 private:
  InstanceDirectory(common::Fd root, uint32_t slot, common::Fd directory, std::string path)
      : root_(std::move(root)), slot_(slot), directory_(std::move(directory)), path_(std::move(path)) {}

  common::Fd root_;
  uint32_t slot_;
  common::Fd directory_;  // holds the lock; open as long as there is something to remove
  std::string path_;
  CgroupPlace place_;  // of the root, if Claim found it
};

}  // namespace bpfrig::kernel_os
