// A datagram that a call sends. Send and Connect share it.
#pragma once

#include <string>

#include "daemon/worker/handlers/sandbox.h"
#include "daemon/worker/traffic/datagram_socket.h"
#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {

// Sends it, and notes it for whoever waits for a datagram in vain. `name` is the socket's, or empty; `to`
// nowhere is where the socket is connected. Returns the errno, or 0.
[[nodiscard]] int SendNoted(Sandbox& sandbox, DatagramSocket& socket, const std::string& name,
                            const std::string& data, const Endpoint& to);

}  // namespace bpfrig::worker
