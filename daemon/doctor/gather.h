// Gather: finds the facts by doing what the daemon does, with the daemon's own functions: it claims an
// instance directory and starts processes in it, and gives all back before it returns.
#pragma once

#include "daemon/doctor/facts.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::doctor {

// Call it from a single-threaded process, with the options that the daemon will be started with.
[[nodiscard]] Facts Gather(const supervisor::Options& options);

}  // namespace bpfrig::doctor
