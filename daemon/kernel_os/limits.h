// Limits that this process may raise for itself.
#pragma once

#include "absl/status/status.h"

namespace bpfrig::kernel_os {

// Allows as many open files as the hard limit does.
[[nodiscard]] absl::Status RaiseOpenFilesLimit();

}  // namespace bpfrig::kernel_os
