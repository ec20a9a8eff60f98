// Endpoint: where a socket is, whatever its family. It stands between the API's text, the kernel's sockaddr
// and Asio's types, so that whoever only passes an endpoint on knows nothing of families.
#pragma once

#include <sys/socket.h>

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
  // As the kernel wrote it; nowhere if it wrote nothing.
  Endpoint(const sockaddr_storage& address, socklen_t size);
  // A name of the unix family without the zero before it; empty for a socket that has none.
  [[nodiscard]] static Endpoint Abstract(const std::string& name);

  // AF_UNSPEC if it is nowhere.
  [[nodiscard]] int family() const { return stored_.protocol().family(); }
  // What the kernel takes.
  [[nodiscard]] const sockaddr* data() const { return stored_.data(); }
  [[nodiscard]] socklen_t size() const { return static_cast<socklen_t>(stored_.size()); }

  // Of AF_INET and AF_INET6; 0.0.0.0 and 0 of any other family.
  [[nodiscard]] asio::ip::address address() const;
  [[nodiscard]] uint16_t port() const;
  // Of AF_UNIX; empty of any other family, and of a socket without a name.
  [[nodiscard]] std::string abstract() const;

  bool operator==(const Endpoint& other) const;
  bool operator!=(const Endpoint& other) const { return !(*this == other); }

 private:
  asio::generic::stream_protocol::endpoint stored_;
};

// Errors have the field `address` or `port` of the message.
[[nodiscard]] absl::StatusOr<Endpoint> ParseEndpoint(const bpfrig::v1::SocketAddress& address);
// An IPv4-mapped address becomes IPv4.
[[nodiscard]] Endpoint Normalised(const Endpoint& endpoint);
// As it is.
[[nodiscard]] bpfrig::v1::SocketAddress ToProto(const Endpoint& endpoint);
// "10.96.0.1:80", "[fd00::1]:80", "@name".
[[nodiscard]] std::string ToText(const Endpoint& endpoint);

}  // namespace bpfrig::worker
