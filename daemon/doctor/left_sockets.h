// Daemons' sockets, with their lock files and directories, for the doctor's list of what is left behind.
#pragma once

#include <vector>

#include "daemon/doctor/leaks.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::doctor {

// Looks at the path of `options`, the default one, and those of private daemons.
void AddSockets(const supervisor::Options& options, std::vector<Leak>& leaks);

}  // namespace bpfrig::doctor
