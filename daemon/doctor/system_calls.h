// Whether the system calls that are most often kept from containers get through to the kernel.
#pragma once

#include <vector>

#include "daemon/doctor/facts.h"

namespace bpfrig::doctor {

// Makes each of them in a process of its own, which a filter may kill, with arguments that the kernel refuses
// as soon as it looks at them. Call it from a single-threaded process.
[[nodiscard]] std::vector<SystemCall> TrySystemCalls();

}  // namespace bpfrig::doctor
