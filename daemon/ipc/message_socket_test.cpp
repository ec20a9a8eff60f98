#include "daemon/ipc/message_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "bpfrig/internal/v1/control.pb.h"
#include "bpfrig/internal/v1/worker.pb.h"

namespace bpfrig::ipc {
namespace {

namespace internal = bpfrig::internal::v1;

class MessageSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pair = MakeSocketPair();
    ASSERT_TRUE(pair.ok()) << pair.status();
    left_ = MessageSocket(std::move(pair->first));
    right_ = MessageSocket(std::move(pair->second));
  }

  MessageSocket left_{common::Fd()};
  MessageSocket right_{common::Fd()};
};

internal::ControlRequest Spawn(uint64_t worker) {
  internal::ControlRequest request;
  request.mutable_spawn()->set_worker(worker);
  return request;
}

TEST_F(MessageSocketTest, CarriesAMessageAndItsDescriptor) {
  const common::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(left_.Send(Spawn(7), null.Get()).ok());
  internal::ControlRequest request;
  const auto received = right_.Receive(request);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_TRUE(*received);
  EXPECT_EQ(request.spawn().worker(), 7u);
  const common::Fd fd = right_.TakeFd();
  ASSERT_TRUE(fd.IsOpen());
  EXPECT_EQ(::fcntl(fd.Get(), F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(right_.TakeFd().IsOpen());
}

TEST_F(MessageSocketTest, CarriesMessagesOfAllSizesAcrossFrameBorders) {
  for (const size_t size :
       {size_t{0}, kMaxFrameBytes - 8, kMaxFrameBytes, kMaxFrameBytes + 1, size_t{3'000'000}}) {
    internal::CallRequest sent;
    sent.mutable_send()->set_data(std::string(size, 'x'));
    std::thread sender([&] { EXPECT_TRUE(left_.Send(sent).ok()); });
    internal::CallRequest received;
    const auto result = right_.Receive(received);
    sender.join();
    ASSERT_TRUE(result.ok() && *result) << result.status();
    EXPECT_EQ(received.send().data().size(), size);
  }
}

TEST_F(MessageSocketTest, TellsACleanEndFromABrokenOne) {
  internal::ControlRequest request;
  left_.FinishSending();
  const auto end = right_.Receive(request);
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(*end);
  // Half a header, then the end.
  ASSERT_EQ(::write(right_.Get(), "\x08", 1), 1);
  right_.Shutdown();
  EXPECT_FALSE(left_.Receive(request).ok());
}

TEST_F(MessageSocketTest, GivesUpAtTheDeadlineWhenThePeerDoesNotRead) {
  internal::CallRequest request;
  request.mutable_send()->set_data(std::string(8'000'000, 'x'));
  EXPECT_EQ(left_.Send(request, -1, absl::Now() + absl::Milliseconds(20)).code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(MessageSocketTest, ReturnsFromAWaitWhenAnotherThreadShutsItDown) {
  std::thread closer([&] { left_.Shutdown(); });
  internal::ControlRequest request;
  const auto result = left_.Receive(request);
  closer.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(*result);
}

TEST(FrameTest, RefusesAFrameThatIsTooLong) {
  FrameDecoder decoder;
  decoder.Append(std::string("\xff\xff\xff\x7f", 4));
  internal::ControlRequest request;
  EXPECT_FALSE(decoder.Next(request).ok());
}

TEST(FrameTest, PutsTogetherWhatArrivesByteByByte) {
  const auto frames = EncodeFrames(Spawn(300));
  ASSERT_TRUE(frames.ok());
  FrameDecoder decoder;
  internal::ControlRequest request;
  for (size_t i = 0; i < frames->size(); ++i) {
    const auto complete = decoder.Next(request);
    ASSERT_TRUE(complete.ok());
    ASSERT_FALSE(*complete);
    decoder.Append(absl::string_view(*frames).substr(i, 1));
  }
  EXPECT_TRUE(*decoder.Next(request));
  EXPECT_EQ(request.spawn().worker(), 300u);
  EXPECT_TRUE(decoder.AtBoundary());
}

}  // namespace
}  // namespace bpfrig::ipc
