// ChildProcess: the one owner of a process that the supervisor started: born in its cgroup and network
// namespace (clone3), stripped to the privileges that it needs, and running a file that was already open
// (execveat). Call it from a single-threaded process only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// One of our descriptors, and the number under which the child will find it.
struct PassedFd {
  int fd = -1;
  int number = -1;
};

// Stands for "leave it as it is" in system calls that set ids.
inline constexpr uint32_t kNoId = 0xffffffff;

struct ProcessSpec {
  // The file to run, opened O_PATH: it may lie where the new user could not reach it.
  int executable = -1;
  // The whole argv, and the environment as NAME=value.
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  // All that the child gets; every other descriptor is closed by its exec.
  std::vector<PassedFd> fds;
  // The directory of the cgroup to be born in.
  int cgroup = -1;
  // Whether it is born in its own network namespace, which has nothing but `lo`, still down.
  bool new_netns = false;
  // Whom it runs as; both must be given.
  uid_t uid = kNoId;
  gid_t gid = kNoId;
  // The capabilities it keeps (ambient); it has no other in any set.
  std::vector<int> capabilities;
  // RLIMIT_NOFILE, cut to our own hard limit.
  uint64_t open_files = 1024;
  // How much sooner than us it is killed when memory is short: added to our own oom_score_adj.
  int oom_score_above_ours = 0;
};

// How a process ended.
struct ProcessEnd {
  // The signal's number if one ended it, else 0.
  int signal = 0;
  // The exit status if it exited.
  int status = 0;
};

class ChildProcess {
 public:
  // Starts the process and returns when it runs its file. The error says which step of the set-up failed.
  static absl::StatusOr<ChildProcess> Start(const ProcessSpec& spec);
  // No process.
  ChildProcess() = default;
  // Kills and reaps what Reap has not reaped.
  ~ChildProcess();

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  // For messages; the pidfd is what holds the process.
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable once the process has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.Get(); }
  // Whether there is a process that was not reaped yet.
  [[nodiscard]] bool IsRunning() const { return pidfd_.IsOpen(); }

  [[nodiscard]] absl::Status Signal(int signal) const;
  // Waits for the end of the process, and forgets it. DEADLINE_EXCEEDED leaves it as it is.
  [[nodiscard]] absl::StatusOr<ProcessEnd> Reap(absl::Time deadline);
  // Forgets the process, whatever becomes of it.
  void Abandon() { pidfd_.Close(); }

 private:
  ChildProcess(pid_t pid, common::Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;
  common::Fd pidfd_;
};

// "signal 9 (Killed)" or "status 1".
[[nodiscard]] std::string DescribeEnd(const ProcessEnd& end);

}  // namespace bpfrig::kernel_os
