// What the transports of sockets have in common, and what of a request does not go with its transport. The
// validator calls CheckTransport(), so that the daemon and `bpfrig check` say the same.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/socket.pb.h"
#include "proto/rules/validate.h"

namespace bpfrig::rules {

// AF_UNIX, with abstract names; otherwise IPv4 or IPv6.
[[nodiscard]] constexpr bool IsUnix(v1::Transport transport) {
  return transport == v1::TRANSPORT_UNIX || transport == v1::TRANSPORT_UNIX_DATAGRAM;
}

// SOCK_DGRAM; otherwise SOCK_STREAM.
[[nodiscard]] constexpr bool IsOfDatagrams(v1::Transport transport) {
  return transport == v1::TRANSPORT_UDP || transport == v1::TRANSPORT_UNIX_DATAGRAM;
}

// That `what`, which only connections have, does not go with a transport of datagrams.
[[nodiscard]] std::string NeedsConnections(absl::string_view what, v1::Transport transport);

// Of a request that makes a socket: addresses that its transport does not have, and what only some transports
// have. Nothing of any other message.
[[nodiscard]] std::vector<Violation> CheckTransport(const google::protobuf::Message& request, Names names);

}  // namespace bpfrig::rules
