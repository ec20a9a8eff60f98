#include "daemon/worker/traffic/traffic.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>

#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/worker/traffic/dial.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {
namespace {

using base::Reason;

bpfrig::v1::SocketReference Reference(
    const std::string& name, bpfrig::v1::ConnectionEnd end = bpfrig::v1::CONNECTION_END_UNSPECIFIED) {
  bpfrig::v1::SocketReference reference;
  reference.set_connection(name);
  reference.set_end(end);
  return reference;
}

constexpr SocketKind kTcp = {AF_INET, SOCK_STREAM};

// A server `web` and a connection `c` to it.
class TrafficTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Endpoint any_port(asio::ip::address_v4::loopback(), 0);
    const absl::StatusOr<Endpoint> at = Listen("web", any_port);
    ASSERT_TRUE(at.ok()) << at.status();
    at_ = *at;
    traffic_.BeginDial();
    Connection connection;
    connection.dialled = Dial(at_);
    const std::optional<AcceptedEnd> accepted = AwaitAccepted(*connection.dialled);
    ASSERT_TRUE(accepted.has_value());
    EXPECT_EQ(accepted->server, "web");
    connection.accepted = accepted->end;
    ASSERT_TRUE(traffic_.ReserveName("c").ok());
    traffic_.Keep("c", connection);
    traffic_.EndDial();
  }
  void TearDown() override { traffic_.CloseAll(); }

  // `shown` is what getpeername tells.
  std::shared_ptr<StreamEnd> Dial(const Endpoint& shown) {
    common::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.Get(), at_.data(), at_.size()), 0);
    SocketFacts facts = traffic_.inspector().Inspect(socket.Get(), kTcp);
    facts.peer = shown;
    return StartDialled(loop_, std::move(socket), kTcp, facts, traffic_.receive_limit());
  }

  absl::StatusOr<Endpoint> Listen(const std::string& name, const Endpoint& at) {
    return traffic_.Listen(name, {kTcp, {}, at}, {Behaviour::Kind::kSink, ""});
  }

  std::optional<AcceptedEnd> AwaitAccepted(const Socket& dialled) {
    const Clock::time_point deadline = Clock::now() + std::chrono::seconds(2);
    std::optional<AcceptedEnd> accepted;
    while (!accepted.has_value() && Clock::now() < deadline) {
      loop_.run_one_until(deadline);
      accepted = traffic_.Claim(dialled);
    }
    return accepted;
  }

  Loop loop_;
  Traffic traffic_{loop_, [] { return false; }};
  Endpoint at_;
};

TEST_F(TrafficTest, FindsBothEndsOfAConnectionAndAServersOwnSocket) {
  const auto dialled = traffic_.FindSocket(Reference("c"));
  const auto accepted = traffic_.FindSocket(Reference("c", bpfrig::v1::CONNECTION_END_ACCEPTED));
  const auto listening = traffic_.FindSocket(Reference("web"));
  ASSERT_TRUE(dialled.ok() && accepted.ok() && listening.ok());
  EXPECT_EQ((*dialled)->peer(), at_);
  EXPECT_EQ((*accepted)->peer(), (*dialled)->local());
  EXPECT_EQ((*listening)->local(), at_);
  EXPECT_EQ((*listening)->peer(), Endpoint());
  int listens = 0;
  socklen_t size = sizeof(listens);
  const absl::StatusOr<int> descriptor = traffic_.FindDescriptor(Reference("web"));
  ASSERT_TRUE(descriptor.ok());
  EXPECT_EQ(::getsockopt(*descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
  EXPECT_EQ(listens, 1);
}

TEST_F(TrafficTest, SaysWhichSocketsExist) {
  const absl::Status status = traffic_.FindSocket(Reference("x")).status();
  EXPECT_EQ(base::DetailOf(status).reason, Reason::kUnknownName);
  EXPECT_EQ(status.message(), "looking up the socket 'x': there are c (connection), web (server)");
  EXPECT_EQ(traffic_.FindEnd(Reference("x")).status().message(), "looking up the connection 'x': there is c");
}

TEST_F(TrafficTest, SaysThatAServerIsNotAConnection) {
  for (const absl::Status& status :
       {traffic_.FindEnd(Reference("web")).status(), traffic_.FindConnection("web").status(),
        traffic_.FindSocket(Reference("web", bpfrig::v1::CONNECTION_END_DIALLED)).status(),
        traffic_.FindDescriptor(Reference("web", bpfrig::v1::CONNECTION_END_ACCEPTED)).status()}) {
    EXPECT_EQ(base::DetailOf(status).reason, Reason::kUnknownName);
    EXPECT_EQ(base::DetailOf(status).object, "web");
    EXPECT_EQ(status.message(),
              "looking up the connection 'web': it is a server, which has a socket of its own but no ends");
  }
}

TEST_F(TrafficTest, AConnectionGoesBeforeAServerOfTheSameName) {
  ASSERT_TRUE(traffic_.ReserveName("web").ok());
  EXPECT_EQ((*traffic_.FindSocket(Reference("web")))->local(), at_);
  Connection connection;
  connection.dialled = Dial(at_);
  traffic_.Keep("web", connection);
  EXPECT_EQ((*traffic_.FindSocket(Reference("web")))->peer(), at_);
}

TEST_F(TrafficTest, ClaimsByTheDialledAddressAloneIfNobodyListensAtThePeer) {
  const Endpoint nowhere(asio::ip::make_address("10.96.0.1"), 1);
  const std::optional<AcceptedEnd> accepted = AwaitAccepted(*Dial(nowhere));
  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->server, "web");

  const Endpoint any_port(asio::ip::address_v4::loopback(), 0);
  const absl::StatusOr<Endpoint> other = Listen("other", any_port);
  ASSERT_TRUE(other.ok()) << other.status();
  const std::shared_ptr<StreamEnd> astray = Dial(*other);
  ASSERT_TRUE(AwaitAccepted(*Dial(at_)).has_value());
  // Accepted before the one above.
  EXPECT_FALSE(traffic_.Claim(*astray).has_value());
}

TEST_F(TrafficTest, AClosedEndHasACookieButNoDescriptor) {
  const std::shared_ptr<Socket> socket = *traffic_.FindSocket(Reference("c"));
  traffic_.CloseDialled();
  EXPECT_NE((*traffic_.FindSocket(Reference("c")))->cookie(), 0u);
  EXPECT_EQ(socket->descriptor(), -1);
  const absl::StatusOr<int> descriptor = traffic_.FindDescriptor(Reference("c"));
  EXPECT_EQ(base::DetailOf(descriptor.status()).reason, Reason::kInvalidField);
}

TEST_F(TrafficTest, ClosingEverythingClosesAServersSocket) {
  const std::shared_ptr<Socket> listening = *traffic_.FindSocket(Reference("web"));
  traffic_.CloseAll();
  EXPECT_TRUE(listening->IsClosed());
  EXPECT_EQ(traffic_.server_count(), 0u);
}

}  // namespace
}  // namespace bpfrig::worker
