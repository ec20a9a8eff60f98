// ConfinedProcess: a process alone in a cgroup of its own: the front, or a worker. Killing goes through the
// cgroup, so that nothing the process forked outlives it. Used by the supervisor's loop, which waits on
// pidfd().
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/process.h"

namespace bpfrig::supervisor {

class ConfinedProcess {
 public:
  // Makes the cgroup `name` under `instance`, a directory that outlives the process, and starts the process
  // in it. Where `cgroup_number` is not -1, the child finds its cgroup's directory under that number. Fills
  // in the spec's standard streams and environment: nothing to read, both outputs to our stderr, and of our
  // environment what is for programs in general.
  static absl::StatusOr<ConfinedProcess> Start(int instance, const std::string& name,
                                               kernel_os::ProcessSpec spec, int cgroup_number = -1,
                                               const kernel_os::CgroupLimits& limits = {});
  // No process.
  ConfinedProcess() = default;
  // Kills, reaps and removes what Finish has not.
  ~ConfinedProcess();

  ConfinedProcess(ConfinedProcess&&) = default;
  ConfinedProcess& operator=(ConfinedProcess&&) = default;

  [[nodiscard]] bool IsRunning() const { return process_.IsRunning(); }
  [[nodiscard]] int pidfd() const { return process_.pidfd(); }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }

  // Kills everything in the cgroup; does not wait.
  [[nodiscard]] absl::Status Kill() const;
  // Kills what is left, reaps, removes the cgroup, and says how the process ended. A cgroup that cannot be
  // removed is logged. DEADLINE_EXCEEDED if the process does not die.
  [[nodiscard]] absl::StatusOr<kernel_os::ProcessEnd> Finish(absl::Time deadline);
  // Leaves a process that does not die, and its cgroup, to those who come later: this owns nothing any more.
  void Abandon();

 private:
  kernel_os::Cgroup cgroup_;
  kernel_os::ChildProcess process_;  // destroyed before its cgroup
};

// Opens a file to be executed.
[[nodiscard]] absl::StatusOr<common::Fd> OpenExecutable(const std::string& path);

}  // namespace bpfrig::supervisor
