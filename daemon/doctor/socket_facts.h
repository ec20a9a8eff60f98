// Whether the daemon could serve at its addresses. Whoever serves there already is not disturbed, and nothing
// is left there.
#pragma once

#include "daemon/doctor/facts.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::doctor {

// Connects to the unix socket where there is one, to learn who serves it; reads the files for TLS and token;
// binds the TCP address for a moment.
[[nodiscard]] SocketFacts LookAtSocket(const supervisor::Options& options);

}  // namespace bpfrig::doctor
