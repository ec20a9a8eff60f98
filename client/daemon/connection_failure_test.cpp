// gRPC's words, as 1.51 says them, and what we make of them. tls_test.cpp gets those about TLS from a real
// server.
#include "client/daemon/connection_failure.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::daemon {
namespace {

using testing::HasSubstr;

std::string Failure(const std::string& message, const std::string& target) {
  const RpcError error{grpc::StatusCode::UNAVAILABLE,
                       absl::StrCat("failed to connect to all addresses; last error: ", message),
                       {}};
  return std::string(ConnectionFailure(error, target, {}).message());
}

TEST(ConnectionFailureTest, TellsTheCauseWithoutGrpcsPrefixes) {
  EXPECT_EQ(Failure("UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused", "h:1"),
            "nothing answers at h:1: Connection refused; is bpfrigd running there?");
  EXPECT_EQ(
      Failure("UNKNOWN: ipv6:%5B::1%5D:1: Failed to connect to remote host: No route to host", "[::1]:1"),
      "nothing answers at [::1]:1: No route to host; is bpfrigd running there?");
  EXPECT_EQ(Failure("UNKNOWN: unix:/a: b: No such file or directory", "unix:/a: b"),
            "nothing answers at unix:/a: b: No such file or directory; is bpfrigd running there?");
}

TEST(ConnectionFailureTest, TellsOtherServersFromNone) {
  EXPECT_THAT(Failure("INTERNAL: ipv4:127.0.0.1:80: Trying to connect an http1.x server", "h:80"),
              HasSubstr("what answers at h:80 is a web server"));
  EXPECT_THAT(Failure("UNAVAILABLE: ipv4:127.0.0.1:2: Socket closed", "h:2"), HasSubstr("give --tls-ca"));
}

TEST(ConnectionFailureTest, TellsAnUnknownHostAndSilence) {
  const RpcError unknown{grpc::StatusCode::UNAVAILABLE,
                         "DNS resolution failed for h:1: C-ares status is not ARES_SUCCESS qtype=AAAA name=h "
                         "is_balancer=0: Domain name not found",
                         {}};
  EXPECT_EQ(ConnectionFailure(unknown, "h:1", {}).message(),
            "no address is known for the host of h:1: Domain name not found");
  const RpcError silence{grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded", {}};
  EXPECT_THAT(ConnectionFailure(silence, "h:1", {}).message(), HasSubstr("no answer from h:1 in time"));
}

class ClosedSocketTest : public testing::Test {
 protected:
  ClosedSocketTest() {
    const group* ours = getgrgid(getgid());
    group_ = ours != nullptr ? ours->gr_name : absl::StrCat(getgid());
  }

  std::string Refusal() const {
    return Failure(absl::StrCat("UNKNOWN: unix:", socket_, ": Permission denied"), "unix:" + socket_);
  }

  const common::TemporaryDirectory directory_;
  const std::string socket_ = (directory_.path() / "socket").string();
  std::string group_;
};

// A file stands for the socket: only its owner and mode are looked at.
TEST_F(ClosedSocketTest, NamesWhoMayUseIt) {
  { const std::ofstream made(socket_); }
  ASSERT_EQ(chmod(socket_.c_str(), 0660), 0);
  EXPECT_THAT(Refusal(),
              HasSubstr(absl::StrCat("no permission to call the daemon at unix:", socket_, ": ", socket_)));
  EXPECT_THAT(Refusal(), HasSubstr(absl::StrCat(" and the group ", group_, ": run bpfrig as that user")));
  ASSERT_EQ(chmod(socket_.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr(" alone: run bpfrig as that user"));
}

}  // namespace
}  // namespace bpfrig::client::daemon
