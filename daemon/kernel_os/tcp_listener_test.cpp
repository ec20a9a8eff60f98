#include "daemon/kernel_os/tcp_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ParseTcpAddressTest, TellsLoopbackFromTheRest) {
  for (const char* address : {"127.0.0.1:7443", "127.9.8.7:1", "[::1]:7443", "[::ffff:127.0.0.1]:7443"}) {
    const absl::StatusOr<TcpAddress> parsed = ParseTcpAddress(address);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_TRUE(parsed->is_loopback) << address;
  }
  for (const char* address : {"0.0.0.0:7443", "10.127.0.1:7443", "[::]:7443", "[::ffff:10.0.0.1]:7443",
                              "[fd00::1]:65535", "128.0.0.1:0"}) {
    const absl::StatusOr<TcpAddress> parsed = ParseTcpAddress(address);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_FALSE(parsed->is_loopback) << address;
  }
}

TEST(ParseTcpAddressTest, RefusesWhatIsNotAnAddressAndPort) {
  for (const char* address : {"", ":", "7443", ":7443", "localhost:7443", "127.0.0.1",
                              "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "127.1:7443",
                              "::1:7443", "[::1]", "[::1:7443", "[127.0.0.1]:7443", "unix:/run/x.sock"}) {
    EXPECT_THAT(ParseTcpAddress(address).status().message(), HasSubstr("write IP:PORT")) << address;
  }
}

TEST(ListenTcpTest, SaysWhichPortTheKernelChose) {
  const absl::StatusOr<common::Fd> socket = ListenTcp(*ParseTcpAddress("127.0.0.1:0"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  const absl::StatusOr<std::string> address = LocalAddress(socket->Get());
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_THAT(*address, StartsWith("127.0.0.1:"));
  EXPECT_NE(*address, "127.0.0.1:0");
}

TEST(ListenTcpTest, RefusesAPortThatIsTaken) {
  const absl::StatusOr<common::Fd> socket = ListenTcp(*ParseTcpAddress("127.0.0.1:0"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  const std::string address = *LocalAddress(socket->Get());
  const absl::Status second = ListenTcp(*ParseTcpAddress(address)).status();
  EXPECT_EQ(second.message(), "listening at " + address + ": Address already in use");
  EXPECT_THAT(base::DetailOf(second).hint, HasSubstr("choose another with --listen-tcp"));
}

TEST(ListenTcpTest, SaysThatTheMachineHasNoSuchAddress) {
  const absl::Status status = ListenTcp(*ParseTcpAddress("192.0.2.1:7443")).status();
  EXPECT_EQ(status.message(), "listening at 192.0.2.1:7443: Cannot assign requested address");
  EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("has no such address"));
}

}  // namespace
}  // namespace bpfrig::kernel_os
