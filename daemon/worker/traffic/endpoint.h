// Endpoint: where a socket is, whatever its family. It stands between the API's text, the kernel's sockaddr
// and Asio's types, so that whoever only passes an endpoint on knows nothing of families.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/call/asio.h"

namespace bpfrig::worker {

class Endpoint {
 public:
  // Nowhere: the peer of a socket that is not connected.
  Endpoint() = default;
  Endpoint(const asio::ip::address& address, uint16_t port);
  // As the kernel wrote it, by way of Asio.
  explicit Endpoint(const asio::generic::stream_protocol::endpoint& endpoint) : stored_(endpoint) {}

  // AF_UNSPEC if it is nowhere.
  [[nodiscard]] int family() const { return stored_.protocol().family(); }
  // With the protocol of a socket that is to be bound or connected there.
  [[nodiscard]] const asio::generic::stream_protocol::endpoint& ForStreams() const { return stored_; }

  // Of AF_INET and AF_INET6; 0.0.0.0 and 0 of any other family.
  [[nodiscard]] asio::ip::address address() const;
  [[nodiscard]] uint16_t port() const;

  bool operator==(const Endpoint& other) const;
  bool operator!=(const Endpoint& other) const { return !(*this == other); }

 private:
  asio::generic::stream_protocol::endpoint stored_;
};

// Errors have the field `address` or `port` of the message.
[[nodiscard]] absl::StatusOr<Endpoint> ParseEndpoint(const bpfrig::v1::SocketAddress& address);
// An IPv4-mapped address becomes IPv4.
[[nodiscard]] Endpoint Normalised(const Endpoint& endpoint);
// Normalised.
[[nodiscard]] bpfrig::v1::SocketAddress ToProto(const Endpoint& endpoint);
// "10.96.0.1:80", "[fd00::1]:80".
[[nodiscard]] std::string ToText(const Endpoint& endpoint);

}  // namespace bpfrig::worker
