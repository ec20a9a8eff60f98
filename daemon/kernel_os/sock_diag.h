// SockDiag: what the kernel lists of a socket (sock_diag(7)). Unlike getsockname(), getpeername() and
// getsockopt() it runs no program of the socket's cgroup.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

namespace bpfrig::kernel_os {

// A size of 0: there is no such name.
struct ListedSocket {
  sockaddr_storage local{};
  socklen_t local_size = 0;
  sockaddr_storage peer{};
  socklen_t peer_size = 0;
  // SO_COOKIE.
  uint64_t cookie = 0;
};

// Finds the socket among those of this network namespace; nothing if the kernel does not list it, as it does
// not with sockets that are not bound, or bound for TCP and neither listening nor connected. `family` is
// AF_INET, AF_INET6 or AF_UNIX, `type` SOCK_STREAM or SOCK_DGRAM. If the
// kernel has no sock_diag for these, /proc/net is read, which tells no cookies and nothing of AF_UNIX.
[[nodiscard]] absl::StatusOr<std::optional<ListedSocket>> FindListed(int descriptor, int family, int type);

// Writes a name of AF_INET or AF_INET6. `address` is 4 or 16 bytes in network order, as is `port`. Returns
// its size.
socklen_t PutInternet(int family, const void* address, uint16_t port, sockaddr_storage& out);

}  // namespace bpfrig::kernel_os
