// The daemon's TCP socket: which addresses it may have, and making it listen. Called by the supervisor, which
// passes the socket to the front.
#pragma once

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

struct TcpAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
  // Whether only this machine can reach it.
  bool is_loopback = false;
};

// "127.0.0.1:7443" or "[::1]:7443". Port 0 lets the kernel choose. Names are not resolved: a name may have
// several addresses.
[[nodiscard]] absl::StatusOr<TcpAddress> ParseTcpAddress(absl::string_view text);

[[nodiscard]] absl::StatusOr<common::Fd> ListenTcp(const TcpAddress& address);

// "127.0.0.1:7443": where the socket listens.
[[nodiscard]] absl::StatusOr<std::string> LocalAddress(int socket);

}  // namespace bpfrig::kernel_os
