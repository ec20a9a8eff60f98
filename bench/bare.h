// What the rig is measured against: standalone programs over libbpf and system calls, without a daemon. All
// exit the process with a message if the machine refuses something.
#pragma once

#include <string>

#include "bench/phases.h"

namespace bpfrig::bench {

// The connect4 test; `object` is the path of cgroup_sock.bpf.o. Exits if the connection was not redirected.
[[nodiscard]] Times RunBareTest(const std::string& object);

// So many connections through the same program: dialled, accepted, closed. In microseconds, without what
// comes before the first.
[[nodiscard]] double TimeBareConnects(const std::string& object, int count);

}  // namespace bpfrig::bench
