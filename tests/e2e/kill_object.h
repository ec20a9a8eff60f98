// An object that kills a process of the host when something dials, with kfuncs called by their numbers.
#pragma once

#include <sys/types.h>

#include <string>

namespace bpfrig::tests {

// Whether this kernel has the kfuncs for it (6.13).
[[nodiscard]] bool KernelCanKill();

[[nodiscard]] std::string KillObject(pid_t target);

}  // namespace bpfrig::tests
