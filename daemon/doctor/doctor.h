// The doctor: says what the daemon would be missing here, and how to grant it. `bpfrigd doctor` calls it.
#pragma once

#include "daemon/supervisor/options.h"

namespace bpfrig::doctor {

// Prints the report to stdout; returns the exit status: 0 if nothing is missing, else 1.
int RunDoctor(const supervisor::Options& options);

}  // namespace bpfrig::doctor
