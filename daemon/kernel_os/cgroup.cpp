#include "daemon/kernel_os/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/signal_process.h"

namespace bpfrig::kernel_os {
namespace {

using base::DetailOf;
using base::ErrnoError;
using base::MakeError;
using base::Reason;

// How long the destructor waits for a cgroup to empty.
constexpr absl::Duration kEmptyPatience = absl::Seconds(2);

// The files of a cgroup that was removed in the meantime: its open directory has no entries any more.
bool IsGone(const absl::Status& status) {
  const std::string name = DetailOf(status).errno_name;
  return name == "ENOENT" || name == "ENODEV";
}

int MillisecondsLeft(absl::Time deadline) {
  const absl::Duration left = deadline - absl::Now();
  if (left <= absl::ZeroDuration()) return 0;
  // A day at most: an infinite deadline must not overflow.
  return static_cast<int>(absl::ToInt64Milliseconds(std::min(left, absl::Hours(24)))) + 1;
}

// Waits until the cgroup has no living process.
absl::Status WaitUntilEmpty(int cgroup, absl::string_view what, absl::Time deadline) {
  const common::Fd events(::openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC));
  if (!events.IsOpen()) {
    if (errno == ENOENT || errno == ENODEV) return absl::OkStatus();
    return ErrnoError(absl::StrCat("opening ", what, "/cgroup.events"));
  }
  while (true) {
    char buffer[256];
    const ssize_t count = TEMP_FAILURE_RETRY(::pread(events.Get(), buffer, sizeof(buffer), 0));
    if (count < 0 && errno == ENODEV) return absl::OkStatus();
    if (count < 0) return ErrnoError(absl::StrCat("reading ", what, "/cgroup.events"));
    if (!IsPopulated(absl::string_view(buffer, static_cast<size_t>(count)))) return absl::OkStatus();
    // kernfs raises POLLPRI when the file changed since it was last read.
    pollfd poll_fd{.fd = events.Get(), .events = POLLPRI, .revents = 0};
    const int ready = ::poll(&poll_fd, 1, MillisecondsLeft(deadline));
    if (ready < 0 && errno != EINTR) return ErrnoError(absl::StrCat("polling ", what, "/cgroup.events"));
    if (ready == 0) {
      return MakeError(Reason::kDeadline, absl::StrCat("waiting for ", what,
                                                       " to become empty: a process in it "
                                                       "does not die"));
    }
  }
}

// Signals every process that is listed both before and after a pidfd of it was opened: such a pidfd cannot
// belong to a stranger that got a dead process's pid. Returns how many there were.
absl::StatusOr<size_t> SignalProcesses(int cgroup, absl::string_view what) {
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<pid_t> before, ReadProcesses(cgroup, what));
  std::vector<std::pair<pid_t, common::Fd>> processes;
  for (const pid_t pid : before) {
    common::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd.IsOpen()) processes.emplace_back(pid, std::move(pidfd));
  }
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<pid_t> after, ReadProcesses(cgroup, what));
  for (const auto& [pid, pidfd] : processes) {
    if (std::find(after.begin(), after.end(), pid) == after.end()) continue;
    BPFRIG_RETURN_IF_ERROR(SignalProcess(pidfd.Get(), pid, SIGKILL));
  }
  return before.size();
}

// Without cgroup.kill: a process may fork while it is being signalled, so this repeats until none is left.
absl::Status KillBySignals(int cgroup, absl::string_view what, absl::Time deadline) {
  while (true) {
    const absl::StatusOr<size_t> count = SignalProcesses(cgroup, what);
    if (!count.ok()) return IsGone(count.status()) ? absl::OkStatus() : count.status();
    if (*count == 0) return absl::OkStatus();
    // A process that is dead but not reaped stays listed on some kernels, but does not count as populated.
    const absl::Status empty =
        WaitUntilEmpty(cgroup, what, std::min(deadline, absl::Now() + absl::Milliseconds(50)));
    if (empty.ok()) return absl::OkStatus();
    if (!absl::IsDeadlineExceeded(empty) || absl::Now() >= deadline) return empty;
  }
}

// The names of the directories in `directory`.
absl::StatusOr<std::vector<std::string>> ListDirectories(int directory, absl::string_view what) {
  BPFRIG_ASSIGN_OR_RETURN(common::Fd own, OpenDirectory(directory, ".", what));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.Get()), &::closedir);
  if (stream == nullptr) return ErrnoError(absl::StrCat("reading ", what));
  (void)own.Release();  // the stream owns it now
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return ErrnoError(absl::StrCat("reading ", what));
  return names;
}

// Removes the empty cgroup `name`, open as `directory`.
absl::Status RemoveDirectory(int parent, const std::string& name, int directory, absl::string_view what,
                             absl::Time deadline) {
  while (true) {
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return absl::OkStatus();
    const absl::Status failed = ErrnoError(absl::StrCat("removing ", what));
    if (errno != EBUSY || absl::Now() >= deadline) return failed;
    BPFRIG_RETURN_IF_ERROR(WaitUntilEmpty(directory, what, deadline));
    // Busy although empty: it has cgroups below it, or a process entered and left in between. The second try
    // tells which.
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return absl::OkStatus();
    if (errno != EBUSY) return ErrnoError(absl::StrCat("removing ", what));
    BPFRIG_ASSIGN_OR_RETURN(const std::vector<std::string> below, ListDirectories(directory, what));
    if (!below.empty()) return failed;
  }
}

}  // namespace

bool IsPopulated(absl::string_view cgroup_events) {
  for (absl::string_view line : absl::StrSplit(cgroup_events, '\n')) {
    if (line == "populated 1") return true;
  }
  return false;
}

absl::StatusOr<std::vector<pid_t>> ReadProcesses(int cgroup, absl::string_view what) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string text,
                          ReadSmallFile(cgroup, "cgroup.procs", absl::StrCat(what, "/cgroup.procs")));
  std::vector<pid_t> pids;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    pid_t pid = 0;
    // 0 stands for a process outside of our pid namespace.
    if (absl::SimpleAtoi(line, &pid) && pid > 0) pids.push_back(pid);
  }
  return pids;
}

absl::Status KillCgroup(int cgroup, absl::string_view what, absl::Time deadline) {
  const absl::Status killed = WriteSmallFile(cgroup, "cgroup.kill", "1", absl::StrCat(what, "/cgroup.kill"));
  if (killed.ok() || !IsGone(killed)) return killed;
  return KillBySignals(cgroup, what, deadline);
}

absl::Status RemoveCgroupTree(int parent, const std::string& name, absl::string_view what,
                              absl::Time deadline) {
  const absl::StatusOr<common::Fd> directory = OpenDirectory(parent, name, what);
  if (!directory.ok()) return IsGone(directory.status()) ? absl::OkStatus() : directory.status();
  BPFRIG_RETURN_IF_ERROR(KillCgroup(directory->Get(), what, deadline));
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<std::string> below, ListDirectories(directory->Get(), what));
  for (const std::string& child : below) {
    BPFRIG_RETURN_IF_ERROR(
        RemoveCgroupTree(directory->Get(), child, absl::StrCat(what, "/", child), deadline));
  }
  return RemoveDirectory(parent, name, directory->Get(), what, deadline);
}

CgroupLimits ReadLimits(int cgroup) {
  CgroupLimits limits;
  // "max", and files that are not there, are no limit.
  const std::string memory = ReadSmallFile(cgroup, "memory.max", "memory.max").value_or("");
  if (!absl::SimpleAtoi(memory, &limits.memory_bytes)) limits.memory_bytes = 0;
  const std::string processes = ReadSmallFile(cgroup, "pids.max", "pids.max").value_or("");
  if (!absl::SimpleAtoi(processes, &limits.processes)) limits.processes = 0;
  return limits;
}

absl::StatusOr<Cgroup> Cgroup::Create(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0755) != 0) return ErrnoError(absl::StrCat("making cgroup ", name));
  absl::StatusOr<common::Fd> directory = OpenDirectory(parent, name, absl::StrCat("cgroup ", name));
  if (!directory.ok()) {
    (void)::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
    return std::move(directory).status();
  }
  return Cgroup(parent, name, *std::move(directory));
}

Cgroup::~Cgroup() {
  if (!directory_.IsOpen()) return;
  const absl::Time deadline = absl::Now() + kEmptyPatience;
  absl::Status status = Kill(deadline);
  if (status.ok()) status = Remove(deadline);
  if (!status.ok()) base::LogError(status.message());
}

absl::Status Cgroup::Limit(const CgroupLimits& limits) const {
  const auto write = [this](const std::string& file, uint64_t limit) {
    if (limit == 0) return absl::OkStatus();
    return WriteSmallFile(directory_.Get(), file, absl::StrCat(limit),
                          absl::StrCat("cgroup ", name_, "/", file));
  };
  BPFRIG_RETURN_IF_ERROR(write("memory.max", limits.memory_bytes));
  return write("pids.max", limits.processes);
}

absl::Status Cgroup::Kill(absl::Time deadline) const {
  if (!directory_.IsOpen()) return absl::OkStatus();
  return KillCgroup(directory_.Get(), absl::StrCat("cgroup ", name_), deadline);
}

absl::Status Cgroup::Remove(absl::Time deadline) {
  if (!directory_.IsOpen()) return absl::OkStatus();
  BPFRIG_RETURN_IF_ERROR(
      RemoveDirectory(parent_, name_, directory_.Get(), absl::StrCat("cgroup ", name_), deadline));
  directory_.Close();
  return absl::OkStatus();
}

void Cgroup::Swap(Cgroup& other) noexcept {
  std::swap(parent_, other.parent_);
  std::swap(name_, other.name_);
  std::swap(directory_, other.directory_);
}

}  // namespace bpfrig::kernel_os
