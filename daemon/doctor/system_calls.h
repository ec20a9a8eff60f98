// Whether the system calls that containers are most often denied reach the kernel.
#pragma once

#include <vector>

#include "daemon/doctor/facts.h"

namespace bpfrig::doctor {

// Makes each of them in its own process, which a filter may kill, with arguments that the kernel refuses at
// once. Call it from a single-threaded process.
[[nodiscard]] std::vector<SystemCall> TrySystemCalls();

}  // namespace bpfrig::doctor
