// Sockets as /proc/net lists them: for kernels whose sock_diag is a module that is not there. It tells no
// cookies.
#pragma once

#include <sys/types.h>

#include <optional>

#include "absl/strings/string_view.h"
#include "daemon/kernel_os/sock_diag.h"

namespace bpfrig::kernel_os {

// The socket with this inode in the text of /proc/net/tcp, udp (AF_INET), tcp6 or udp6 (AF_INET6).
[[nodiscard]] std::optional<ListedSocket> ReadProcNet(absl::string_view text, ino_t inode, int family);

// The same from the file of this network namespace. `type` is SOCK_STREAM or SOCK_DGRAM.
[[nodiscard]] absl::StatusOr<std::optional<ListedSocket>> FindInProcNet(ino_t inode, int family, int type);

}  // namespace bpfrig::kernel_os
