// What a step says of its transport, against its addresses and what else it says: mistakes that `bpfrig
// check` finds. The readers of listen, connect and socket call it.
#pragma once

#include "absl/strings/string_view.h"
#include "bpfrig/v1/socket.pb.h"
#include "client/plan/problem.h"
#include "client/plan/shapes.h"

namespace bpfrig::client::plan {

// Complains of addresses that the request's transport does not have.
void CheckAddresses(StepSource& source);

// Complains if the transport is one of datagrams; `what` is what only connections have.
void NeedsConnections(absl::string_view what, const Mark& mark, bpfrig::v1::Transport transport,
                      Problems& problems);
// The same if it is one of unix; `what` is what only IPv4 and IPv6 have.
void NeedsIp(absl::string_view what, const Mark& mark, bpfrig::v1::Transport transport, Problems& problems);

}  // namespace bpfrig::client::plan
