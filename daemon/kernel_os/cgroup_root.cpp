#include "daemon/kernel_os/cgroup_root.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::WithHint;

struct Cgroup2Mount {
  std::string root;  // which part of the tree it shows
  std::string mount_point;
};

// Undoes the kernel's escapes: blanks, tabs, line ends, backslashes and '#' are \ooo.
std::string Unescape(absl::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// Lines of "id parent major:minor root mount-point options [optional fields] - type source super-options".
std::vector<Cgroup2Mount> ParseMounts(absl::string_view mountinfo) {
  std::vector<Cgroup2Mount> mounts;
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (!absl::StartsWith(halves.second, "cgroup2 ")) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(halves.first, ' ');
    if (fields.size() < 6) continue;
    mounts.push_back({.root = Unescape(fields[3]), .mount_point = Unescape(fields[4])});
  }
  return mounts;
}

// The path of the process's own cgroup2 cgroup: the line "0::/path".
std::string OwnCgroup(absl::string_view own_cgroup) {
  for (absl::string_view line : absl::StrSplit(own_cgroup, '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) return std::string(line);
  }
  return "/";
}

// The cgroup that counts as the process's own. A daemon moves itself into a leaf of that (CgroupControllers);
// one that is started from there, or after it by way of what it left, is not to make another below.
std::string HomeOf(absl::string_view own) {
  absl::ConsumeSuffix(&own, absl::StrCat("/", kDaemonLeaf));
  return own.empty() ? "/" : std::string(own);
}

// `path` as seen in a mount of the part `root` of the tree: empty if it is that root. Nothing if it is not in
// that part.
std::optional<std::string> PathBelow(absl::string_view root, absl::string_view path) {
  if (root != "/" && !absl::ConsumePrefix(&path, root)) return std::nullopt;
  if (path.empty() || path == "/") return "";
  if (!absl::StartsWith(path, "/") || absl::StrContains(path, "/..")) return std::nullopt;
  return std::string(path);
}

absl::StatusOr<common::Fd> MountCgroup2() {
  constexpr char kHint[] =
      "a mount takes CAP_SYS_ADMIN, and in a container an AppArmor profile that allows it "
      "(apparmor=unconfined)";
  const common::Fd context(static_cast<int>(::syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC)));
  if (!context.IsOpen()) return WithHint(ErrnoError("opening the cgroup2 file system (fsopen)"), kHint);
  if (::syscall(SYS_fsconfig, context.Get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return WithHint(ErrnoError("opening the cgroup2 file system (fsconfig)"), kHint);
  }
  common::Fd mount(static_cast<int>(::syscall(SYS_fsmount, context.Get(), FSMOUNT_CLOEXEC,
                                              MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)));
  if (!mount.IsOpen()) return WithHint(ErrnoError("mounting cgroup2 (fsmount)"), kHint);
  return mount;
}

}  // namespace

std::vector<CgroupPlace> CgroupPlaces(absl::string_view mountinfo, absl::string_view own_cgroup) {
  const std::string own = HomeOf(OwnCgroup(own_cgroup));
  std::vector<CgroupPlace> places;
  std::vector<CgroupPlace> roots;
  const std::vector<Cgroup2Mount> mounts = ParseMounts(mountinfo);
  const auto is_mounted = [&](absl::string_view path) {
    return std::any_of(mounts.begin(), mounts.end(),
                       [&](const Cgroup2Mount& mount) { return PathBelow(mount.root, path).has_value(); });
  };
  for (const Cgroup2Mount& mount : mounts) {
    const std::optional<std::string> below = PathBelow(mount.root, own);
    if (below) places.push_back({.path = absl::StrCat(mount.mount_point, *below), .is_own = true});
    if (below != "") roots.push_back({.path = mount.mount_point});
  }
  const std::optional<std::string> below = PathBelow("/", own);
  if (below) {
    places.push_back({.path = own, .own_mount = true, .is_mounted = is_mounted(own), .is_own = true});
  }
  if (below != "") roots.push_back({.path = "/", .own_mount = true, .is_mounted = is_mounted("/")});
  places.insert(places.end(), roots.begin(), roots.end());
  return places;
}

absl::StatusOr<std::vector<CgroupPlace>> FindCgroupPlaces() {
  BPFRIG_ASSIGN_OR_RETURN(const std::string mountinfo,
                          ReadSmallFile(AT_FDCWD, "/proc/self/mountinfo", "/proc/self/mountinfo"));
  BPFRIG_ASSIGN_OR_RETURN(const std::string own,
                          ReadSmallFile(AT_FDCWD, "/proc/self/cgroup", "/proc/self/cgroup"));
  return CgroupPlaces(mountinfo, own);
}

absl::StatusOr<common::Fd> OpenCgroupPlace(const CgroupPlace& place) {
  if (!place.own_mount) return OpenDirectory(AT_FDCWD, place.path, place.path);
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd mount, MountCgroup2());
  // Closing the mount's descriptor detaches it; what was opened below it stays good.
  return OpenDirectory(mount.Get(), absl::StrCat(".", place.path), DescribePlace(place));
}

std::string DescribePlace(const CgroupPlace& place) {
  if (!place.own_mount) return place.path;
  return absl::StrCat("cgroup2:", place.path == "/" ? "" : place.path);
}

}  // namespace bpfrig::kernel_os
