// Addresses and ports: between the API's text and the kernel's, and the few facts that a socket tells.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/call/asio.h"

namespace bpfrig::worker {

using Endpoint = asio::ip::tcp::endpoint;

// Errors have the field `address` or `port` of the message.
[[nodiscard]] absl::StatusOr<Endpoint> ParseEndpoint(const bpfrig::v1::SocketAddress& address);
// An IPv4-mapped address becomes IPv4.
[[nodiscard]] Endpoint Normalised(const Endpoint& endpoint);
// Normalised.
[[nodiscard]] bpfrig::v1::SocketAddress ToProto(const Endpoint& endpoint);
// "10.96.0.1:80", "[fd00::1]:80".
[[nodiscard]] std::string ToText(const Endpoint& endpoint);

// SO_COOKIE; 0 where the kernel does not tell.
[[nodiscard]] uint64_t SocketCookie(int socket);

}  // namespace bpfrig::worker
