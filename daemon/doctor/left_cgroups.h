// Daemons' cgroups, wherever in the tree they are, for the doctor's list of what is left behind.
#pragma once

#include <sys/types.h>

#include <set>
#include <vector>

#include "daemon/doctor/leaks.h"

namespace bpfrig::doctor {

// Adds each with the processes in it, whose pids go to `told`.
void AddCgroups(std::vector<Leak>& leaks, std::set<pid_t>& told);

}  // namespace bpfrig::doctor
