// What a system call failed with, as a status for people.
#pragma once

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace bpfrig::common {

// INTERNAL, "making a pipe: Too many open files".
[[nodiscard]] absl::Status ErrnoStatus(absl::string_view action, int error_number = errno);

}  // namespace bpfrig::common
