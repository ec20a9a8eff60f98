// Where cgroups can be made: below the process's own cgroup, whose limits then hold for all that the daemon
// starts, or else in the root of a cgroup2 mount. The mounts are those of v1, hybrid and v2 hosts, and, if
// none of them can be written (a container's is read-only), our own mount, which only its descriptor holds
// and which is in no mount table. InstanceDirectory tries the places in turn.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// A directory of the cgroup2 tree that may or may not take new cgroups.
struct CgroupPlace {
  // The directory's path; under our own mount, the path within it.
  std::string path;
  // Whether it is under our own mount, which is not made yet.
  bool own_mount = false;
  // Whether, under our own mount, it is in what one of the machine's mounts shows as well.
  bool is_mounted = false;
  // Whether it is the process's own cgroup.
  bool is_own = false;
};

// The leaf of the own cgroup that CgroupControllers moves processes into.
inline constexpr char kDaemonLeaf[] = "bpfrig-daemon";

// The places in order of preference: the process's own cgroup in each mount, then in our own mount; then the
// roots of the mounts, and of our own. `mountinfo` and `own_cgroup` are the text of /proc/self/mountinfo and
// /proc/self/cgroup.
[[nodiscard]] std::vector<CgroupPlace> CgroupPlaces(absl::string_view mountinfo,
                                                    absl::string_view own_cgroup);

// The same for this process.
[[nodiscard]] absl::StatusOr<std::vector<CgroupPlace>> FindCgroupPlaces();

// Opens the directory, making the mount if it needs one.
[[nodiscard]] absl::StatusOr<common::Fd> OpenCgroupPlace(const CgroupPlace& place);

// The place in messages: its path, or "cgroup2:/path" in our own mount, whose root is "cgroup2:".
[[nodiscard]] std::string DescribePlace(const CgroupPlace& place);

}  // namespace bpfrig::kernel_os
