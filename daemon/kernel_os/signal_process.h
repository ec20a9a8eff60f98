// Signals for processes of other users.
#pragma once

#include <sys/types.h>

#include "absl/status/status.h"

namespace bpfrig::kernel_os {

// Sends the signal; a process that has ended is no error. Without CAP_KILL it is sent as the process's own
// user, which takes CAP_SETUID. PERMISSION_DENIED without either.
[[nodiscard]] absl::Status SignalProcess(int pidfd, pid_t pid, int signal);

}  // namespace bpfrig::kernel_os
