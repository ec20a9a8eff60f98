#include "daemon/worker/traffic/open_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>

namespace bpfrig::worker {
namespace {

using namespace bpfrig::v1;

TEST(OpenSocketTest, KnowsWhatSpeaksATransport) {
  struct Row {
    Transport transport;
    int family;
    int type;
  };
  for (const Row& row :
       {Row{TRANSPORT_UNSPECIFIED, AF_INET, SOCK_STREAM}, Row{TRANSPORT_UNSPECIFIED, AF_UNIX, SOCK_STREAM},
        Row{TRANSPORT_TCP, AF_INET6, SOCK_STREAM}, Row{TRANSPORT_UDP, AF_INET6, SOCK_DGRAM},
        Row{TRANSPORT_UNIX, AF_UNIX, SOCK_STREAM}, Row{TRANSPORT_UNIX_DATAGRAM, AF_UNIX, SOCK_DGRAM}}) {
    const SocketKind kind = KindOf(row.transport, row.family);
    EXPECT_EQ(kind.family, row.family);
    EXPECT_EQ(kind.type, row.type);
    EXPECT_EQ(kind.IsTcp(), row.type == SOCK_STREAM && row.family != AF_UNIX);
  }
}

TEST(OpenSocketTest, SetsOptionsAndBinds) {
  const Endpoint name = Endpoint::Abstract("bpfrig-open-socket-test");
  const SocketSetup setup = {{AF_UNIX, SOCK_DGRAM}, {ReadyOption::Of(SOL_SOCKET, SO_PASSCRED, 1)}, name};
  const OpenedSocket opened = OpenSocket(setup);
  ASSERT_TRUE(opened.descriptor.IsOpen()) << opened.refused << ' ' << opened.error;
  int passes = 0;
  socklen_t size = sizeof(passes);
  EXPECT_EQ(::getsockopt(opened.descriptor.Get(), SOL_SOCKET, SO_PASSCRED, &passes, &size), 0);
  EXPECT_EQ(passes, 1);

  const OpenedSocket again = OpenSocket(setup);
  EXPECT_FALSE(again.descriptor.IsOpen());
  EXPECT_STREQ(again.refused, "bind");
  EXPECT_EQ(again.error, EADDRINUSE);
}

TEST(OpenSocketTest, SaysWhichCallWasRefused) {
  ReadyOption unknown = ReadyOption::Of(SOL_SOCKET, 9999, 1);
  unknown.name = "SOL_SOCKET/9999";
  const OpenedSocket option = OpenSocket({{AF_UNIX, SOCK_DGRAM}, {unknown}, {}});
  EXPECT_STREQ(option.refused, "setsockopt");
  EXPECT_EQ(option.option, "SOL_SOCKET/9999");
  EXPECT_EQ(option.error, ENOPROTOOPT);
  const OpenedSocket socket = OpenSocket({{AF_UNIX, 77}, {}, {}});
  EXPECT_STREQ(socket.refused, "socket");
}

}  // namespace
}  // namespace bpfrig::worker
