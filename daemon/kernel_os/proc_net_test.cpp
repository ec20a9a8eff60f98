#include "daemon/kernel_os/proc_net.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>

#include "common/fd.h"

namespace bpfrig::kernel_os {
namespace {

std::string Shown(const sockaddr_storage& address, socklen_t size) {
  if (size == 0) return "none";
  std::string text(INET6_ADDRSTRLEN, '\0');
  const auto* four = reinterpret_cast<const sockaddr_in*>(&address);
  const auto* six = reinterpret_cast<const sockaddr_in6*>(&address);
  const bool is_four = address.ss_family == AF_INET;
  inet_ntop(address.ss_family, is_four ? static_cast<const void*>(&four->sin_addr) : &six->sin6_addr,
            text.data(), INET6_ADDRSTRLEN);
  return std::string(text.c_str()) + " " + std::to_string(ntohs(is_four ? four->sin_port : six->sin6_port));
}

// Sockets of this process on the loopback address, as the kernel lists them.
TEST(ProcNetTest, TellsBothNamesOfAConnection) {
  for (const int family : {AF_INET, AF_INET6}) {
    sockaddr_storage at{};
    at.ss_family = static_cast<sa_family_t>(family);
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
      reinterpret_cast<sockaddr_in6*>(&at)->sin6_addr = in6addr_loopback;
    }
    const common::Fd server(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(server.Get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(listen(server.Get(), 1), 0);
    socklen_t length = sizeof(at);
    getsockname(server.Get(), reinterpret_cast<sockaddr*>(&at), &length);
    const common::Fd client(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(client.Get(), reinterpret_cast<sockaddr*>(&at), size), 0);

    struct stat status {};
    ASSERT_EQ(fstat(client.Get(), &status), 0);
    const auto dialled = FindInProcNet(status.st_ino, family, SOCK_STREAM);
    ASSERT_TRUE(dialled.ok() && dialled->has_value()) << dialled.status();
    EXPECT_EQ(Shown((*dialled)->peer, (*dialled)->peer_size), Shown(at, size));
    ASSERT_EQ(fstat(server.Get(), &status), 0);
    const auto listening = FindInProcNet(status.st_ino, family, SOCK_STREAM);
    ASSERT_TRUE(listening.ok() && listening->has_value());
    EXPECT_EQ(Shown((*listening)->local, (*listening)->local_size), Shown(at, size));
    EXPECT_EQ((*listening)->peer_size, 0U);
  }
}

TEST(ProcNetTest, TellsOnlyTheSocketThatIsMeant) {
  const std::string text =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n";
  EXPECT_TRUE(ReadProcNet(text, 4711, AF_INET).has_value());
  EXPECT_FALSE(ReadProcNet(text, 471, AF_INET).has_value());
  EXPECT_FALSE(ReadProcNet("", 4711, AF_INET).has_value());
}

}  // namespace
}  // namespace bpfrig::kernel_os
