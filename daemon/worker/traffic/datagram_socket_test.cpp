// Pairs of unix sockets, and one with a name: nothing about them is UDP's.
#include "daemon/worker/traffic/datagram_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace bpfrig::worker {
namespace {

constexpr size_t kReceiveLimit = 1000;
constexpr size_t kRoom = 65536;

class DatagramSocketTest : public ::testing::Test {
 protected:
  // A socket, and its peer's descriptor in `peer_`.
  std::shared_ptr<DatagramSocket> Start(Behaviour behaviour) {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    peer_ = common::Fd(pair[1]);
    return DatagramSocket::Start(loop_, common::Fd(pair[0]), SocketFacts(), std::move(behaviour),
                                 kReceiveLimit);
  }
  void PeerSends(const std::string& data) {
    EXPECT_EQ(::send(peer_.Get(), data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
  }
  std::string PeerReceives() {
    std::array<char, 100> buffer{};
    const ssize_t count = ::recv(peer_.Get(), buffer.data(), buffer.size(), 0);
    return count < 0 ? "nothing" : std::string(buffer.data(), static_cast<size_t>(count));
  }
  template <typename Condition>
  bool RunUntil(const Condition& condition) {
    loop_.restart();
    const Clock::time_point deadline = Clock::now() + std::chrono::seconds(2);
    while (!condition() && Clock::now() < deadline) loop_.run_one_until(deadline);
    return condition();
  }

  Loop loop_;
  common::Fd peer_;
};

TEST_F(DatagramSocketTest, TakesOneAtATimeEmptyOnesAsWell) {
  const auto socket = Start({});
  EXPECT_FALSE(socket->IsReadable());
  EXPECT_EQ(socket->Take(kRoom).error, EAGAIN);
  PeerSends("first");
  PeerSends("");
  EXPECT_TRUE(socket->IsReadable());
  EXPECT_EQ(socket->Take(kRoom).datagram->data, "first");
  const DatagramSocket::Taken empty = socket->Take(kRoom);
  ASSERT_TRUE(empty.datagram.has_value());
  EXPECT_EQ(empty.datagram->data, "");
  EXPECT_FALSE(socket->IsReadable());
  EXPECT_EQ(socket->total_received(), 5u);
}

TEST_F(DatagramSocketTest, SaysThatThereWasMoreThanRoom) {
  for (const Behaviour::Kind kind : {Behaviour::Kind::kNone, Behaviour::Kind::kSink}) {
    const auto socket = Start({kind, ""});
    PeerSends("12345");
    PeerSends("123");
    ASSERT_TRUE(RunUntil([&] { return socket->IsReadable() && socket->total_received() != 5; }));
    const DatagramSocket::Taken cut = socket->Take(3);
    EXPECT_EQ(cut.datagram->data, "123");
    EXPECT_TRUE(cut.datagram->truncated);
    EXPECT_FALSE(socket->Take(3).datagram->truncated);
  }
}

TEST_F(DatagramSocketTest, NotifiesWhenOneCame) {
  const auto socket = Start({});
  int notified = 0;
  socket->changed().Add([&] { ++notified; });
  for (const char* data : {"x", "y"}) {
    notified = 0;
    socket->NotifyWhenReadable();
    PeerSends(data);
    EXPECT_TRUE(RunUntil([&] { return notified > 0; }));
    EXPECT_EQ(socket->Take(kRoom).datagram->data, data);
  }
}

TEST_F(DatagramSocketTest, ADatagramThatNobodyTakesLeavesTheLoopAlone) {
  const auto socket = Start({});
  PeerSends("x");
  EXPECT_EQ(loop_.poll(), 0u);
  int notified = 0;
  socket->changed().Add([&] { ++notified; });
  socket->NotifyWhenReadable();
  EXPECT_TRUE(RunUntil([&] { return notified > 0; }));
  loop_.restart();
  EXPECT_EQ(loop_.poll(), 0u);
  EXPECT_EQ(notified, 1);
}

TEST_F(DatagramSocketTest, ServesEachDatagramAndKeepsThem) {
  // A socket of a pair has no name to answer to, but is connected: its own name stands for that.
  Start({});
  common::Fd client(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  common::Fd bound(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const Endpoint server = Endpoint::Abstract("bpfrig-datagram-test-server");
  const Endpoint name = Endpoint::Abstract("bpfrig-datagram-test-client");
  ASSERT_EQ(::bind(bound.Get(), server.data(), server.size()), 0);
  ASSERT_EQ(::bind(client.Get(), name.data(), name.size()), 0);
  ASSERT_EQ(::connect(client.Get(), server.data(), server.size()), 0);
  peer_ = std::move(client);
  const auto socket = DatagramSocket::Start(loop_, std::move(bound), {server, {}, 0},
                                            {Behaviour::Kind::kReply, "yes"}, kReceiveLimit);
  PeerSends("a");
  PeerSends("b");
  ASSERT_TRUE(RunUntil([&] { return socket->CountFrom(name) == 2; }));
  EXPECT_EQ(PeerReceives(), "yes");
  EXPECT_EQ(PeerReceives(), "yes");
  EXPECT_EQ(socket->CountFrom(server), 0u);
  EXPECT_EQ(socket->Take(kRoom).datagram->data, "a");
  const DatagramSocket::Taken second = socket->Take(kRoom);
  EXPECT_EQ(second.datagram->data, "b");
  EXPECT_EQ(second.datagram->from, name);
  EXPECT_EQ(socket->Take(kRoom).error, EAGAIN);
}

TEST_F(DatagramSocketTest, AServerForgetsTheOldestBeyondItsLimit) {
  const auto socket = Start({Behaviour::Kind::kSink, ""});
  for (const char byte : std::string("abc")) PeerSends(std::string(400, byte));
  ASSERT_TRUE(RunUntil([&] { return socket->total_received() == 1200; }));
  EXPECT_EQ(socket->Take(kRoom).datagram->data[0], 'b');
}

TEST_F(DatagramSocketTest, SaysWhySendingFailed) {
  const auto socket = Start({});
  EXPECT_EQ(socket->Send("x", Endpoint()), 0);
  EXPECT_EQ(PeerReceives(), "x");
  EXPECT_EQ(socket->Send("x", Endpoint::Abstract("bpfrig-nobody-has-this-name")), ECONNREFUSED);
  socket->Close(false);
  EXPECT_TRUE(socket->IsClosed());
  EXPECT_EQ(socket->Send("x", Endpoint()), EPIPE);
  EXPECT_EQ(socket->Take(kRoom).error, EBADF);
}

}  // namespace
}  // namespace bpfrig::worker
