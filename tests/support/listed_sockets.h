// Whether the kernel lists sockets with their names and cookies, which is in modules (tcp_diag, udp_diag,
// unix_diag) that a machine may lack. The rig then has to ask for names and cookies by calls that programs
// see, and has none of unix sockets.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "daemon/kernel_os/sock_diag.h"

namespace bpfrig::tests {

// Of this kind.
inline bool KernelListsSockets(int family, int type) {
  const common::Fd socket(::socket(family, type | SOCK_CLOEXEC, 0));
  // Nothing but the family: the kernel chooses the rest.
  sockaddr_storage any{};
  any.ss_family = static_cast<sa_family_t>(family);
  const socklen_t size = family == AF_UNIX ? sizeof(sa_family_t) : sizeof(sockaddr_in);
  EXPECT_EQ(::bind(socket.Get(), reinterpret_cast<sockaddr*>(&any), size), 0);
  EXPECT_TRUE(type != SOCK_STREAM || ::listen(socket.Get(), 1) == 0);
  const auto listed = kernel_os::FindListed(socket.Get(), family, type);
  return listed.ok() && listed->has_value() && (**listed).cookie != 0;
}

inline bool KernelListsSockets() {
  return KernelListsSockets(AF_INET, SOCK_STREAM) && KernelListsSockets(AF_INET, SOCK_DGRAM) &&
         KernelListsSockets(AF_UNIX, SOCK_STREAM);
}

}  // namespace bpfrig::tests

#define BPFRIG_SKIP_WITHOUT_SOCK_DIAG()       \
  if (!::bpfrig::tests::KernelListsSockets()) \
  GTEST_SKIP() << "the kernel's sock_diag for TCP, UDP and unix sockets is not there"
