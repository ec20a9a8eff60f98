// Whether the daemon could serve at its addresses. A daemon that serves there already is not disturbed, and
// nothing is left behind.
#pragma once

#include "daemon/doctor/facts.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::doctor {

// Connects to the unix socket if there is one, to learn who serves it; reads the files for TLS and token;
// binds the TCP address for a moment.
[[nodiscard]] SocketFacts LookAtSocket(const supervisor::Options& options);

}  // namespace bpfrig::doctor
