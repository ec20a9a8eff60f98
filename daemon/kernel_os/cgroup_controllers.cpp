#include "daemon/kernel_os/cgroup_controllers.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using Names = CgroupControllers::Names;

constexpr char kControllers[] = "cgroup.controllers";
constexpr char kSubtreeControl[] = "cgroup.subtree_control";
constexpr char kProcesses[] = "cgroup.procs";
constexpr absl::Duration kRestorePatience = absl::Seconds(1);

// A threaded controller: with a process inside, a cgroup that passes on this one alone turns the cgroups
// below it into ones that can hold no process ("domain invalid", seen on 6.12).
constexpr char kThreaded[] = "pids";

bool IsBusy(const absl::Status& status) { return base::DetailOf(status).errno_name == "EBUSY"; }

// Between tries. What is waited for is a process that enters or leaves, which no event tells.
void PauseBriefly() { (void)::poll(nullptr, 0, 1); }

absl::StatusOr<Names> ReadNames(int cgroup, const std::string& name, const char* file) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(cgroup, file, absl::StrCat(name, "/", file)));
  return ControllersIn(text);
}

Names Intersect(const Names& left, const Names& right) {
  Names both;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                        std::inserter(both, both.end()));
  return both;
}

Names Without(const Names& all, const Names& some) {
  Names rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::inserter(rest, rest.end()));
  return rest;
}

// "+memory +pids"
std::string Request(char sign, const Names& names) {
  return absl::StrJoin(names, " ", [sign](std::string* out, const std::string& name) {
    absl::StrAppend(out, std::string(1, sign), name);
  });
}

absl::Status Control(int cgroup, const std::string& name, const std::string& request) {
  return WriteSmallFile(cgroup, kSubtreeControl, request,
                        absl::StrCat(request, " to ", name, "/", kSubtreeControl));
}

// The root of the whole tree, which may hold processes and pass controllers on.
bool IsRoot(int cgroup) { return ::faccessat(cgroup, "cgroup.events", F_OK, 0) != 0; }

// Systemd marks what it leaves to others; before v251 only by the first of these.
bool IsDelegated(int cgroup) {
  for (const char* attribute : {"trusted.delegate", "user.delegate"}) {
    std::array<char, 8> value{};
    if (::fgetxattr(cgroup, attribute, value.data(), value.size()) == 1 && value[0] == '1') return true;
  }
  return false;
}

absl::Status MoveProcesses(int from, int to, const std::string& from_name) {
  BPFRIG_ASSIGN_OR_RETURN(const auto processes, ReadProcesses(from, from_name));
  for (const pid_t pid : processes) {
    const absl::Status moved =
        WriteSmallFile(to, kProcesses, absl::StrCat(pid),
                       absl::StrCat("process ", pid, " to another cgroup than ", from_name));
    if (!moved.ok() && base::DetailOf(moved).errno_name != "ESRCH") return moved;
  }
  return absl::OkStatus();
}

absl::Status RemoveLeaf(int directory, const std::string& name, absl::Time deadline) {
  while (::unlinkat(directory, kDaemonLeaf, AT_REMOVEDIR) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    if (errno != EBUSY || absl::Now() >= deadline) {
      return ErrnoError(absl::StrCat("removing ", name, "/", kDaemonLeaf));
    }
    PauseBriefly();
  }
  return absl::OkStatus();
}

absl::Status Unavailable(const std::string& name, const Names& missing, absl::string_view why) {
  return MakeError(Reason::kUnsupported, absl::StrCat(name, " has no ", absl::StrJoin(missing, " and no "),
                                                      " controller for its sandboxes", why));
}

}  // namespace

Names ControllersIn(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

bool IsUnit(absl::string_view path) {
  return absl::EndsWith(path, ".service") || absl::EndsWith(path, ".scope") || absl::EndsWith(path, ".slice");
}

CgroupControllers CgroupControllers::Enable(const ControllerPlace& place, const Names& wanted,
                                            absl::Time deadline) {
  CgroupControllers result;
  const auto enable = [&]() -> absl::Status {
    BPFRIG_ASSIGN_OR_RETURN(const Names there, ReadNames(place.directory, place.name, kControllers));
    const Names offered = Intersect(wanted, there);
    if (offered.empty() || offered == Names{kThreaded}) {
      return Unavailable(place.name, wanted,
                         there.empty() ? "" : absl::StrCat(" (it has: ", absl::StrJoin(there, ", "), ")"));
    }
    BPFRIG_ASSIGN_OR_RETURN(const Names passed, ReadNames(place.directory, place.name, kSubtreeControl));
    BPFRIG_RETURN_IF_ERROR(result.EnableInPlace(place, Without(offered, passed), deadline));
    BPFRIG_RETURN_IF_ERROR(Control(place.instance, "the instance's directory", Request('+', offered)));
    result.enabled_ = offered;
    if (offered != wanted) return Unavailable(place.name, Without(wanted, offered), "");
    return absl::OkStatus();
  };
  result.obstacle_ = enable();
  if (!result.enabled_.empty()) return result;
  const absl::Status restored = result.Restore(deadline);
  if (!restored.ok()) base::LogWarning(restored.message());
  return result;
}

absl::Status CgroupControllers::EnableInPlace(const ControllerPlace& place, const Names& missing,
                                              absl::Time deadline) {
  const bool leaf_is_there = ::faccessat(place.directory, kDaemonLeaf, F_OK, 0) == 0;
  if (missing.empty() && !leaf_is_there) return absl::OkStatus();
  if (!place.is_own) return Unavailable(place.name, missing, ", and it is not the daemon's own cgroup");
  if (IsUnit(place.name) && !IsDelegated(place.directory)) {
    return base::WithHint(Unavailable(place.name, missing, ", and systemd keeps it in order itself"),
                          "give the unit Delegate=yes");
  }
  BPFRIG_ASSIGN_OR_RETURN(directory_, OpenDirectory(place.directory, ".", place.name));
  name_ = place.name;
  to_disable_ = missing;
  if (missing.empty()) {
    // Another daemon's leaf: it lives, or it died and left things as we would, so that the undoing is ours.
    BPFRIG_ASSIGN_OR_RETURN(to_disable_, ReadNames(directory_.Get(), name_, kSubtreeControl));
    return absl::OkStatus();
  }
  const std::string request = Request('+', missing);
  if (IsRoot(directory_.Get())) return Control(directory_.Get(), name_, request);
  if (::mkdirat(directory_.Get(), kDaemonLeaf, 0755) != 0 && errno != EEXIST) {
    return ErrnoError(absl::StrCat("making ", name_, "/", kDaemonLeaf));
  }
  return EmptyAndControl(request, deadline);
}

absl::Status CgroupControllers::EmptyAndControl(const std::string& request, absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd leaf, OpenDirectory(directory_.Get(), kDaemonLeaf,
                                                               absl::StrCat(name_, "/", kDaemonLeaf)));
  while (true) {
    BPFRIG_RETURN_IF_ERROR(MoveProcesses(directory_.Get(), leaf.Get(), name_));
    const absl::Status written = Control(directory_.Get(), name_, request);
    // Busy: another process has entered, such as that of a container's health check.
    if (!IsBusy(written) || absl::Now() >= deadline) return written;
    PauseBriefly();
  }
}

absl::Status CgroupControllers::Restore(absl::Time deadline) {
  if (!directory_.IsOpen()) return absl::OkStatus();
  const common::Fd directory = std::move(directory_);
  enabled_.clear();
  if (!to_disable_.empty()) {
    BPFRIG_RETURN_IF_ERROR(Control(directory.Get(), name_, Request('-', to_disable_)));
  }
  const std::string leaf_name = absl::StrCat(name_, "/", kDaemonLeaf);
  const absl::StatusOr<common::Fd> leaf = OpenDirectory(directory.Get(), kDaemonLeaf, leaf_name);
  if (!leaf.ok())
    return base::DetailOf(leaf.status()).errno_name == "ENOENT" ? absl::OkStatus() : leaf.status();
  BPFRIG_RETURN_IF_ERROR(MoveProcesses(leaf->Get(), directory.Get(), leaf_name));
  return RemoveLeaf(directory.Get(), name_, deadline);
}

CgroupControllers::~CgroupControllers() {
  const absl::Status restored = Restore(absl::Now() + kRestorePatience);
  if (!restored.ok()) base::LogWarning(restored.message());
}

void CgroupControllers::Swap(CgroupControllers& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(name_, other.name_);
  std::swap(to_disable_, other.to_disable_);
  std::swap(enabled_, other.enabled_);
  std::swap(obstacle_, other.obstacle_);
}

}  // namespace bpfrig::kernel_os
