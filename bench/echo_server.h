// A bare gRPC server that answers Send and nothing else, at once: what a call costs before the rig has done
// anything.
#pragma once

#include "bench/server_process.h"

namespace bpfrig::bench {

[[nodiscard]] ServerProcess StartEchoServer();

}  // namespace bpfrig::bench
