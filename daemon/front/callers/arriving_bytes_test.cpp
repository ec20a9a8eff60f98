#include "daemon/front/callers/arriving_bytes.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "common/fd.h"

namespace bpfrig::front {
namespace {

class ArrivingBytesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    server_ = common::Fd(pair[0]);
    client_ = common::Fd(pair[1]);
  }

  // As gRPC reads them.
  void Send(std::string bytes) {
    const size_t count = bytes.size();
    ASSERT_EQ(::write(client_.Get(), bytes.data(), count), static_cast<ssize_t>(count));
    iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ASSERT_EQ(::recvmsg(server_.Get(), &message, 0), static_cast<ssize_t>(count));
  }
  void Send(size_t count) { Send(std::string(count, 'x')); }
  void SendCalls(int count) {
    for (int i = 0; i < count; ++i) {
      Send(std::string("\0\0\0\1\4\0\0\0", 8) + static_cast<char>(stream_));
      stream_ += 2;
    }
  }

  [[nodiscard]] bool IsOpen() const {
    return ::send(client_.Get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
  }

  const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  int stream_ = 1;
  common::Fd server_;
  common::Fd client_;
};

TEST_F(ArrivingBytesTest, EndsAConnectionWithTooManyBytesOnTheirWay) {
  const ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, absl::UnixEpoch());
  Send(1000);
  EXPECT_FALSE(arriving.TooMany());
  Send(1);
  EXPECT_TRUE(arriving.TooMany());
  EXPECT_FALSE(IsOpen());
}

TEST_F(ArrivingBytesTest, WhatBecameAMessageDoesNotCount) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, absl::UnixEpoch());
  for (int i = 0; i < 100; ++i) {
    Send(900);
    arriving.Arrived(900, absl::UnixEpoch());
  }
  EXPECT_TRUE(IsOpen());
}

TEST_F(ArrivingBytesTest, SmallMessagesDoNotHideALargeOne) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, absl::UnixEpoch());
  for (int i = 0; i < 11; ++i) {
    Send(100);
    arriving.Arrived(1, absl::UnixEpoch());
  }
  EXPECT_TRUE(arriving.TooMany());
}

TEST_F(ArrivingBytesTest, ForgetsSlowly) {
  constexpr uint64_t kLimit = 2 * ArrivingBytes::kForgottenPerSecond;
  ArrivingBytes arriving(server_.Get(), {.bytes = kLimit, .calls = 10}, absl::UnixEpoch());
  for (int second = 1; second < 5; ++second) {
    for (int i = 0; i < 16; ++i) Send(ArrivingBytes::kForgottenPerSecond / 16);
    arriving.Arrived(0, absl::UnixEpoch() + absl::Seconds(second));
  }
  EXPECT_TRUE(IsOpen());
}

TEST_F(ArrivingBytesTest, ReadsNoMoreOfAConnectionWithTooManyCallsThatNobodyAnswered) {
  const ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, absl::UnixEpoch());
  Send(kPreface);
  SendCalls(10);
  EXPECT_FALSE(arriving.TooMany());
  SendCalls(1);
  EXPECT_TRUE(arriving.TooManyCalls());
  EXPECT_TRUE(IsOpen());
  msghdr message{};
  EXPECT_EQ(::recvmsg(server_.Get(), &message, 0), -1) << "what IsOpen() sent";
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(ArrivingBytesTest, AnsweredCallsDoNotCountAndOthersAreForgottenSlowly) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 10000, .calls = 10}, absl::UnixEpoch());
  Send(kPreface);
  for (int i = 0; i < 50; ++i) {
    SendCalls(1);
    arriving.Answered();
  }
  SendCalls(10);
  arriving.Arrived(0, absl::UnixEpoch() + absl::Milliseconds(200));
  SendCalls(2);
  EXPECT_FALSE(arriving.TooMany());
  SendCalls(1);
  EXPECT_TRUE(arriving.TooManyCalls());
}

TEST_F(ArrivingBytesTest, MoreCallsMayComeOnceTheirLimitIsRaised) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 10000, .calls = 1}, absl::UnixEpoch());
  Send(kPreface);
  SendCalls(1);
  arriving.RaiseCalls(3);
  SendCalls(2);
  EXPECT_FALSE(arriving.TooMany());
  SendCalls(1);
  EXPECT_TRUE(arriving.TooManyCalls());
}

TEST_F(ArrivingBytesTest, CountsNoMoreOnceItIsGone) {
  { const ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, absl::UnixEpoch()); }
  Send(2000);
  EXPECT_TRUE(IsOpen());
}

}  // namespace
}  // namespace bpfrig::front
