// RigProcess: what /proc tells of a process that a daemon started, for the doctor's list of what is left
// behind.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::doctor {

struct RigProcess {
  enum class Role { kNone, kDaemon, kFront, kWorker };

  pid_t pid = 0;
  Role role = Role::kNone;
  // Has a SIGKILL waiting for it: it is in the kernel, and cannot leave it.
  bool was_killed = false;
  // "net:[4026532000]", and how many descriptors of BPF objects it has; empty and 0 if they cannot be seen.
  std::string network_namespace;
  size_t programs = 0;
  size_t maps = 0;
  size_t links = 0;
  // Why the last four cannot be seen; empty if they can.
  std::string unseen;
};

// By the command line as it is in /proc, each argument ended by a zero byte.
[[nodiscard]] RigProcess::Role RoleOf(absl::string_view command_line);
// Whether SIGKILL is pending, of /proc/PID/status.
[[nodiscard]] bool HasPendingKill(absl::string_view status);
// Counts what a file of /proc/PID/fdinfo is about, if that is a BPF object.
void CountDescriptor(absl::string_view fdinfo, RigProcess& process);

[[nodiscard]] RigProcess LookAtProcess(pid_t pid);
// Every process that can be seen from here and is a daemon's, by its command line.
[[nodiscard]] std::vector<RigProcess> FindRigProcesses();

// "worker, process 12: was killed and still runs in the kernel; 1 program, 2 maps, no links;
// net:[4026532000]".
[[nodiscard]] std::string Describe(const RigProcess& process);

}  // namespace bpfrig::doctor
