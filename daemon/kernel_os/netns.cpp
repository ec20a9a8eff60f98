#include "daemon/kernel_os/netns.h"

#include <sys/socket.h>

#include <cerrno>

#include "common/fd.h"
#include "daemon/base/status.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace bpfrig::kernel_os {

using base::ErrnoError;
using base::MakeError;
using base::Reason;

absl::StatusOr<uint64_t> NetnsCookie() {
  const common::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.IsOpen()) return ErrnoError("making a socket");
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (::getsockopt(socket.Get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0) return cookie;
  if (errno == ENOPROTOOPT) {
    return MakeError(Reason::kUnsupported,
                     "reading the netns cookie: SO_NETNS_COOKIE needs Linux 5.14 or newer");
  }
  return ErrnoError("reading the netns cookie");
}

absl::Status TryIpv6() {
  const common::Fd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.IsOpen()) return absl::OkStatus();
  if (errno == EAFNOSUPPORT) {
    return MakeError(Reason::kUnsupported, "this kernel has no IPv6, or has it switched off (EAFNOSUPPORT)");
  }
  return ErrnoError("making an IPv6 socket");
}

}  // namespace bpfrig::kernel_os
