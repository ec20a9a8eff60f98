#include "daemon/doctor/left_cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/doctor/rig_process.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/instance_directory.h"

namespace bpfrig::doctor {
namespace {

namespace fs = std::filesystem;
using FileIds = std::set<std::pair<dev_t, ino_t>>;
using Kind = Leak::Kind;

// The processes in the cgroup at `path` and in those below it.
std::vector<pid_t> ProcessesIn(const fs::path& path) {
  std::vector<fs::path> cgroups = {path};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_directory(error)) cgroups.push_back(entry.path());
  }
  std::vector<pid_t> processes;
  for (const fs::path& cgroup : cgroups) {
    const auto directory = kernel_os::OpenDirectory(AT_FDCWD, cgroup, cgroup.string());
    if (!directory.ok()) continue;  // it was removed meanwhile
    const auto inside = kernel_os::ReadProcesses(directory->Get(), cgroup.string());
    if (inside.ok()) processes.insert(processes.end(), inside->begin(), inside->end());
  }
  return processes;
}

// `path` is where it can be read, `name` what it is called.
void AddInstance(const fs::path& path, const std::string& name, std::vector<Leak>& leaks,
                 std::set<pid_t>& told) {
  const absl::StatusOr<bool> held = kernel_os::HasHolder(path, name);
  if (!held.ok()) {
    leaks.push_back({Kind::kUnseen, "cgroup", std::string(held.status().message()), {}});
    return;
  }
  Leak leak{*held ? Kind::kUsed : Kind::kLeft, "cgroup", "", {}};
  std::vector<Leak> killed;
  const std::vector<pid_t> pids = ProcessesIn(path);
  for (const pid_t pid : pids) {
    told.insert(pid);
    const RigProcess process = LookAtProcess(pid);
    leak.lines.push_back(Describe(process));
    if (*held && process.was_killed) killed.push_back({Kind::kLeft, "process", Describe(process), {}});
  }
  leak.found = absl::StrCat(name, *held ? ": a daemon that lives holds it" : ": no daemon holds it", "; ",
                            pids.size(), pids.size() == 1 ? " process" : " processes");
  if (!*held) leak.lines.emplace_back("the next daemon here removes it, once no process is in it any more");
  leaks.push_back(std::move(leak));
  leaks.insert(leaks.end(), killed.begin(), killed.end());
}

// The instances in the part of the tree that the place shows.
void AddPlace(const kernel_os::CgroupPlace& place, FileIds& seen, std::vector<Leak>& leaks,
              std::set<pid_t>& told) {
  const std::string place_name = kernel_os::DescribePlace(place);
  // A mount of our own takes capabilities, and may take as long as programs run.
  if (place.is_mounted) return;
  const absl::StatusOr<common::Fd> root = kernel_os::OpenCgroupPlace(place);
  if (!root.ok()) {
    // What it would show, the machine's mounts may show in part.
    if (!place.own_mount || seen.empty()) {
      leaks.push_back({Kind::kUnseen, "cgroup", std::string(root.status().message()), {}});
    }
    return;
  }
  const fs::path top = absl::StrCat("/proc/self/fd/", root->Get(), "/");
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(top, error); entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) continue;
    const bool is_new = seen.emplace(info.st_dev, info.st_ino).second;
    if (!is_new || !kernel_os::IsInstanceName(entry->path().filename())) continue;
    const std::string below = entry->path().lexically_relative(top);
    AddInstance(entry->path(), absl::StrCat(place_name, "/", below), leaks, told);
  }
}

}  // namespace

void AddCgroups(std::vector<Leak>& leaks, std::set<pid_t>& told) {
  const auto places = kernel_os::FindCgroupPlaces();
  if (!places.ok()) {
    leaks.push_back({Kind::kUnseen, "cgroup", std::string(places.status().message()), {}});
    return;
  }
  FileIds seen;
  for (const kernel_os::CgroupPlace& place : *places) AddPlace(place, seen, leaks, told);
}

}  // namespace bpfrig::doctor
