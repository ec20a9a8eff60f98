#include "daemon/kernel_os/instance_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;

constexpr char kPrefix[] = "bpfrig-";
// What is ours is killed and removed within this.
constexpr absl::Duration kCleanUpPatience = absl::Seconds(10);
// What a dead daemon left has ended by itself, or ends now: with a process in the kernel it does not, and
// then nobody is to wait for it.
constexpr absl::Duration kAbandonedPatience = absl::Seconds(1);

std::string NameOf(uint32_t slot) { return absl::StrCat(kPrefix, slot); }

// The slot whose directory has this very name.
std::optional<uint32_t> SlotOf(const std::string& name) {
  absl::string_view digits = name;
  uint32_t slot = 0;
  if (!absl::ConsumePrefix(&digits, kPrefix) || !absl::SimpleAtoi(digits, &slot)) return std::nullopt;
  if (slot >= kMaxSlots || NameOf(slot) != name) return std::nullopt;
  return slot;
}

absl::StatusOr<std::vector<uint32_t>> ListSlots(int root, const std::string& root_name) {
  BPFRIG_ASSIGN_OR_RETURN(common::Fd own, OpenDirectory(root, ".", root_name));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.Get()), &::closedir);
  if (stream == nullptr) return ErrnoError(absl::StrCat("reading ", root_name));
  (void)own.Release();  // the stream owns it now
  std::vector<uint32_t> slots;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (const std::optional<uint32_t> slot = SlotOf(entry->d_name)) slots.push_back(*slot);
  }
  if (errno != 0) return ErrnoError(absl::StrCat("reading ", root_name));
  return slots;
}

// Opens and locks the slot's directory. Not open if it has a holder, is not there, or was removed (and
// perhaps made again) between opening and locking: the locked one is then not what the name stands for.
absl::StatusOr<common::Fd> TryLock(int root, uint32_t slot, const std::string& path) {
  common::Fd directory(::openat(root, NameOf(slot).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.IsOpen()) {
    if (errno == ENOENT || errno == ENODEV) return common::Fd();
    return ErrnoError(absl::StrCat("opening ", path));
  }
  if (::flock(directory.Get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return common::Fd();
    return ErrnoError(absl::StrCat("locking ", path));
  }
  struct stat locked {};
  struct stat named {};
  if (::fstat(directory.Get(), &locked) != 0) return ErrnoError(absl::StrCat("reading ", path));
  if (::fstatat(root, NameOf(slot).c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      locked.st_ino != named.st_ino || locked.st_dev != named.st_dev) {
    return common::Fd();
  }
  return directory;
}

// Removes what is left of a daemon that died without cleaning up. The directory stays locked until it is
// gone, so that nobody claims it in the meantime.
void RemoveAbandoned(int root, const std::string& root_name, absl::Duration patience) {
  const absl::StatusOr<std::vector<uint32_t>> slots = ListSlots(root, root_name);
  if (!slots.ok()) return base::LogWarning(slots.status().message());
  for (const uint32_t slot : *slots) {
    const std::string path = absl::StrCat(root_name, "/", NameOf(slot));
    const absl::StatusOr<common::Fd> lock = TryLock(root, slot, path);
    absl::Status status = lock.status();
    if (lock.ok()) {
      if (!lock->IsOpen()) continue;
      status = RemoveCgroupTree(root, NameOf(slot), path, absl::Now() + patience);
    }
    if (!status.ok()) {
      base::LogWarning(absl::StrCat("cleaning up after a daemon that died: ", status.message(),
                                    "; it stays until a later daemon can remove it"));
    } else {
      base::LogInfo(absl::StrCat("removed ", path, ", left by a daemon that died"));
    }
  }
}

}  // namespace

bool IsInstanceName(const std::string& name) { return SlotOf(name).has_value(); }

absl::StatusOr<bool> HasHolder(const std::string& path, const std::string& name) {
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd directory, OpenDirectory(AT_FDCWD, path, name));
  // Given back at once. Whoever claims in the meantime takes the next slot.
  if (::flock(directory.Get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return ErrnoError(absl::StrCat("locking ", name));
}

absl::StatusOr<InstanceDirectory> InstanceDirectory::ClaimIn(common::Fd root, const std::string& root_name) {
  for (uint32_t slot = 0; slot < kMaxSlots; ++slot) {
    const std::string path = absl::StrCat(root_name, "/", NameOf(slot));
    if (::mkdirat(root.Get(), NameOf(slot).c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return ErrnoError(absl::StrCat("making ", path));
    }
    BPFRIG_ASSIGN_OR_RETURN(common::Fd directory, TryLock(root.Get(), slot, path));
    // Another daemon's clean-up took the new directory before it was locked: it removes it, and the next slot
    // is as good.
    if (!directory.IsOpen()) continue;
    // Only now: a place that takes no directory, such as a read-only mount, needs no clean-up either.
    RemoveAbandoned(root.Get(), root_name, kAbandonedPatience);
    return InstanceDirectory(std::move(root), slot, std::move(directory), path);
  }
  return MakeError(Reason::kLimitReached,
                   absl::StrCat("claiming a slot in ", root_name, ": all ", kMaxSlots, " are taken"));
}

absl::StatusOr<InstanceDirectory> InstanceDirectory::Claim(const std::vector<CgroupPlace>& places) {
  std::vector<std::string> failures;
  for (const CgroupPlace& place : places) {
    absl::StatusOr<common::Fd> root = OpenCgroupPlace(place);
    absl::Status status = root.status();
    if (root.ok()) {
      absl::StatusOr<InstanceDirectory> claimed = ClaimIn(*std::move(root), DescribePlace(place));
      if (claimed.ok()) {
        claimed->place_ = place;
        return claimed;
      }
      status = claimed.status();
    }
    const std::string hint = base::DetailOf(status).hint;
    failures.push_back(
        absl::StrCat("  ", status.message(), hint.empty() ? "" : " (", hint, hint.empty() ? "" : ")"));
  }
  return base::WithHint(
      MakeError(Reason::kUnsupported,
                absl::StrCat("finding a place for cgroups: none of these takes a new one:\n",
                             absl::StrJoin(failures, "\n"))),
      "run as root; in a container with cap_add: [SYS_ADMIN] and security_opt: [apparmor=unconfined]");
}

InstanceDirectory::~InstanceDirectory() {
  const absl::Status status = Remove(absl::Now() + kCleanUpPatience);
  if (!status.ok()) base::LogError(status.message());
}

absl::Status InstanceDirectory::Remove(absl::Time deadline) {
  if (!directory_.IsOpen()) return absl::OkStatus();
  BPFRIG_RETURN_IF_ERROR(RemoveCgroupTree(root_.Get(), NameOf(slot_), path_, deadline));
  directory_.Close();
  // What could not be removed at the start may be by now.
  RemoveAbandoned(root_.Get(), DirectoryOf(path_), absl::ZeroDuration());
  return absl::OkStatus();
}

void InstanceDirectory::Abandon() {
  base::LogWarning(absl::StrCat("leaving ", path_, " to a later daemon: it has processes that do not die"));
  directory_.Close();
}

}  // namespace bpfrig::kernel_os
