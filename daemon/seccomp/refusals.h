// The lists: which system calls front and workers are refused (docs/adr/0006), everything else being allowed;
// and the few that are left to a process that reads an object and nothing else.
#pragma once

#include <seccomp.h>

#include <cerrno>
#include <vector>

namespace bpfrig::seccomp {

struct Refusal {
  // As SCMP_SYS gives it: negative for a call that this processor does not have.
  int call = 0;
  // What the call answers.
  int error = EPERM;
  // Refused only if all of these hold of the call's arguments. A filter does not see what they point at.
  std::vector<scmp_arg_cmp> when;
};

[[nodiscard]] std::vector<Refusal> RefusedToWorkers();
[[nodiscard]] std::vector<Refusal> RefusedToFront();

// For a process with its descriptors open already, which computes, writes its result and ends. It opens,
// starts and signals nothing.
[[nodiscard]] std::vector<int> AllowedToReaders();

}  // namespace bpfrig::seccomp
