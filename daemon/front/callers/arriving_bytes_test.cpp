#include "daemon/front/callers/arriving_bytes.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "common/fd.h"

namespace bpfrig::front {
namespace {

absl::Time now;
absl::Time Now() { return now; }

class ArrivingBytesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    now = absl::UnixEpoch();
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    server_ = common::Fd(pair[0]);
    client_ = common::Fd(pair[1]);
  }

  // As gRPC reads them.
  void Send(std::string bytes) {
    const size_t count = bytes.size();
    ASSERT_EQ(::write(client_.Get(), bytes.data(), count), static_cast<ssize_t>(count));
    for (size_t read = 0; read < count;) {
      const ssize_t more = Receive(bytes);
      ASSERT_GT(more, 0);
      read += static_cast<size_t>(more);
    }
  }
  ssize_t Receive(std::string& bytes) const {
    iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    return ::recvmsg(server_.Get(), &message, 0);
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
  const ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, Now);
  Send(1000);
  EXPECT_FALSE(arriving.TooMany());
  Send(1);
  EXPECT_TRUE(arriving.TooMany());
  EXPECT_FALSE(IsOpen());
}

TEST_F(ArrivingBytesTest, WhatBecameAMessageDoesNotCount) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, Now);
  for (int i = 0; i < 100; ++i) {
    Send(900);
    arriving.Arrived(900);
  }
  EXPECT_TRUE(IsOpen());
}

TEST_F(ArrivingBytesTest, SmallMessagesDoNotHideALargeOne) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, Now);
  for (int i = 0; i < 11; ++i) {
    Send(100);
    arriving.Arrived(1);
  }
  EXPECT_TRUE(arriving.TooMany());
}

TEST_F(ArrivingBytesTest, ForgetsSlowly) {
  constexpr uint64_t kLimit = 2 * ArrivingBytes::kForgottenPerSecond;
  ArrivingBytes arriving(server_.Get(), {.bytes = kLimit, .calls = 10}, Now);
  for (int second = 1; second < 5; ++second) {
    now = absl::UnixEpoch() + absl::Seconds(second);
    for (int i = 0; i < 16; ++i) Send(ArrivingBytes::kForgottenPerSecond / 16);
  }
  EXPECT_TRUE(IsOpen());
}

TEST_F(ArrivingBytesTest, ReadsNoMoreOfAConnectionWithTooManyCallsThatNobodyAnswered) {
  const ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, Now);
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

TEST_F(ArrivingBytesTest, ReadsLittleBeyondTheCallsThatAreTooMany) {
  const ArrivingBytes arriving(server_.Get(), {.bytes = uint64_t{1} << 20, .calls = 10}, Now);
  std::string flood = kPreface;
  for (; flood.size() < 100000; stream_ += 2) {
    flood += std::string("\0\0\0\1\4\0\0", 7) + static_cast<char>(stream_ >> 8) + static_cast<char>(stream_);
  }
  ASSERT_EQ(::write(client_.Get(), flood.data(), flood.size()), static_cast<ssize_t>(flood.size()));
  size_t read = 0;
  for (ssize_t more = 0; (more = Receive(flood)) > 0;) read += static_cast<size_t>(more);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_TRUE(arriving.TooManyCalls());
  EXPECT_EQ(read, kPreface.size() + 11 * 9) << "the calls, and one more";
}

TEST_F(ArrivingBytesTest, TimeIsForgottenBeforeMoreIsRead) {
  const ArrivingBytes arriving(server_.Get(), {.bytes = 10000, .calls = 10}, Now);
  Send(kPreface);
  SendCalls(10);
  now += absl::Hours(1);
  SendCalls(10);
  EXPECT_FALSE(arriving.TooMany());
}

TEST_F(ArrivingBytesTest, AnotherOfTheSameNumberIsLeftAlone) {
  auto before = std::make_unique<ArrivingBytes>(server_.Get(), ArrivingLimits{.bytes = 10, .calls = 10}, Now);
  const ArrivingBytes after(server_.Get(), {.bytes = 1000, .calls = 10}, Now);
  before->Arrived(1000);
  before.reset();
  Send(1001);
  EXPECT_TRUE(after.TooMany());
}

TEST_F(ArrivingBytesTest, AnsweredCallsDoNotCountAndOthersAreForgottenSlowly) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 10000, .calls = 10}, Now);
  Send(kPreface);
  for (int i = 0; i < 50; ++i) {
    SendCalls(1);
    arriving.Answered();
  }
  SendCalls(10);
  now += absl::Milliseconds(200);
  SendCalls(2);
  EXPECT_FALSE(arriving.TooMany());
  SendCalls(1);
  EXPECT_TRUE(arriving.TooManyCalls());
}

TEST_F(ArrivingBytesTest, MoreCallsMayComeOnceTheirLimitIsRaised) {
  ArrivingBytes arriving(server_.Get(), {.bytes = 10000, .calls = 1}, Now);
  Send(kPreface);
  SendCalls(1);
  arriving.RaiseCalls(3);
  SendCalls(2);
  EXPECT_FALSE(arriving.TooMany());
  SendCalls(1);
  EXPECT_TRUE(arriving.TooManyCalls());
}

TEST_F(ArrivingBytesTest, CountsNoMoreOnceItIsGone) {
  { const ArrivingBytes arriving(server_.Get(), {.bytes = 1000, .calls = 10}, Now); }
  Send(2000);
  EXPECT_TRUE(IsOpen());
}

}  // namespace
}  // namespace bpfrig::front
