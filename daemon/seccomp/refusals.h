// The lists: which system calls front and workers are refused (docs/adr/0006). Everything else is allowed.
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

}  // namespace bpfrig::seccomp
