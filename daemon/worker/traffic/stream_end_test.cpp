// Ends of a socket pair of the unix family: nothing about them is TCP's.
#include "daemon/worker/traffic/stream_end.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace bpfrig::worker {
namespace {

constexpr size_t kStreamLimit = 1024;

class StreamEndTest : public ::testing::Test {
 protected:
  // An end, and the descriptor of its peer in `peer_`.
  std::shared_ptr<StreamEnd> Start(Behaviour behaviour) {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    StreamSocket socket(loop_);
    error_code error;
    socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), pair[0], error);
    EXPECT_FALSE(error);
    peer_ = pair[1];
    return StreamEnd::Start(std::move(socket), SocketFacts(), std::move(behaviour), kStreamLimit);
  }
  void TearDown() override { ClosePeer(); }

  void ClosePeer() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }
  void PeerSends(const std::string& data) {
    EXPECT_EQ(::send(peer_, data.data(), data.size(), MSG_NOSIGNAL), static_cast<ssize_t>(data.size()));
  }
  // What the end has sent so far.
  std::string PeerReceives() {
    std::array<char, 4096> buffer;
    const ssize_t count = ::recv(peer_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return std::string(buffer.data(), count > 0 ? static_cast<size_t>(count) : 0);
  }
  // Runs the loop until `met`, at most two seconds.
  template <typename Condition>
  bool Await(Condition met) {
    const Clock::time_point deadline = Clock::now() + std::chrono::seconds(2);
    loop_.restart();
    while (!met() && Clock::now() < deadline) loop_.run_one_until(deadline);
    return met();
  }

  Loop loop_;
  int peer_ = -1;
};

TEST_F(StreamEndTest, KeepsWhatArrivesUpToItsLimit) {
  const std::shared_ptr<StreamEnd> end = Start({});
  EXPECT_GE(end->descriptor(), 0);
  EXPECT_NE(end->cookie(), 0u);
  PeerSends(std::string(kStreamLimit + 10, 'x'));
  ASSERT_TRUE(Await([&] { return end->IsFull(); }));
  EXPECT_EQ(end->TakeReceived().size(), kStreamLimit);
  ASSERT_TRUE(Await([&] { return end->Available() == 10; }));
  EXPECT_EQ(end->total_received(), kStreamLimit + 10);
}

TEST_F(StreamEndTest, ADialledEndStaysOpenWhenItsPeerHasClosed) {
  const std::shared_ptr<StreamEnd> end = Start({});
  PeerSends("last");
  ClosePeer();
  ASSERT_TRUE(Await([&] { return end->PeerClosed(); }));
  EXPECT_FALSE(end->IsClosed());
  EXPECT_EQ(end->error(), 0);
  end->Close(false);
  EXPECT_TRUE(end->IsClosed());
  EXPECT_TRUE(end->PeerClosed());
  EXPECT_EQ(end->descriptor(), -1);
  EXPECT_EQ(end->TakeReceived(), "last");
}

TEST_F(StreamEndTest, AnEndThatWasClosedFirstNeverSaysThatItsPeerClosed) {
  const std::shared_ptr<StreamEnd> end = Start({});
  end->Close(false);
  ClosePeer();
  end->ReadNow();
  loop_.poll();
  EXPECT_TRUE(end->IsClosed());
  EXPECT_FALSE(end->PeerClosed());
  const std::shared_ptr<PendingWrite> write = end->Write("x");
  EXPECT_TRUE(write->finished);
  EXPECT_EQ(write->error, EPIPE);
}

TEST_F(StreamEndTest, AServersEndClosesOnceItsPeerHas) {
  const std::shared_ptr<StreamEnd> end = Start({Behaviour::Kind::kEcho, ""});
  PeerSends("hello");
  ASSERT_TRUE(Await([&] { return end->total_sent() == 5; }));
  EXPECT_EQ(PeerReceives(), "hello");
  ClosePeer();
  ASSERT_TRUE(Await([&] { return end->IsClosed(); }));
  EXPECT_TRUE(end->PeerClosed());
  EXPECT_EQ(end->TakeReceived(), "hello");
}

TEST_F(StreamEndTest, AReplyIsSentOnce) {
  const std::shared_ptr<StreamEnd> end = Start({Behaviour::Kind::kReply, "pong"});
  PeerSends("ping");
  ASSERT_TRUE(Await([&] { return end->total_received() == 4; }));
  PeerSends("ping");
  ASSERT_TRUE(Await([&] { return end->total_received() == 8; }));
  EXPECT_EQ(PeerReceives(), "pong");
}

TEST_F(StreamEndTest, ACloseFailsTheWritesUnderWay) {
  const std::shared_ptr<StreamEnd> end = Start({});
  const std::shared_ptr<PendingWrite> abandoned = end->Write(std::string(8 * 1024 * 1024, 'x'));
  ASSERT_FALSE(abandoned->finished);
  const std::shared_ptr<PendingWrite> waiting = end->Write("y");
  end->AbandonWrite(abandoned);
  EXPECT_EQ(abandoned->error, ETIMEDOUT);
  EXPECT_EQ(end->total_sent(), abandoned->sent);
  end->Close(false);
  EXPECT_EQ(waiting->error, EPIPE);
  EXPECT_EQ(waiting->sent, 0u);
}

}  // namespace
}  // namespace bpfrig::worker
