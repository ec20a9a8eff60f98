// Error numbers by name, as the kernel's headers call them.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

// The kernel's own "operation is not supported", which libc does not know and which leaks from many BPF
// calls.
inline constexpr int kEnotsupp = 524;

// "EPERM" for 1; "errno 12345" if it has no name. Knows ENOTSUPP.
[[nodiscard]] std::string ErrnoName(int error_number);

// Whether ErrnoName() gives that name for some number.
[[nodiscard]] bool IsErrnoName(absl::string_view name);
// All of them, by number.
[[nodiscard]] const std::vector<std::string>& ErrnoNames();

}  // namespace bpfrig::common
