// What the transports of sockets have in common.
#pragma once

#include "bpfrig/v1/socket.pb.h"

namespace bpfrig::rules {

// AF_UNIX, with abstract names; otherwise IPv4 or IPv6.
[[nodiscard]] constexpr bool IsUnix(v1::Transport transport) {
  return transport == v1::TRANSPORT_UNIX || transport == v1::TRANSPORT_UNIX_DATAGRAM;
}

// SOCK_DGRAM; otherwise SOCK_STREAM.
[[nodiscard]] constexpr bool IsOfDatagrams(v1::Transport transport) {
  return transport == v1::TRANSPORT_UDP || transport == v1::TRANSPORT_UNIX_DATAGRAM;
}

}  // namespace bpfrig::rules
