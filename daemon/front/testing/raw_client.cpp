#include "daemon/front/testing/raw_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/time/clock.h"
#include "daemon/front/sandboxes/event.h"

namespace bpfrig::front {
namespace {

// Of RFC 9113 and, for headers, 7541.
enum class Frame : char { kData = 0x0, kHeaders = 0x1, kReset = 0x3, kSettings = 0x4, kWindowUpdate = 0x8 };
constexpr char kEndStream = 0x1;
constexpr char kEndHeaders = 0x4;
constexpr size_t kMaxFrameBytes = 16384;
constexpr uint32_t kLargestWindow = 0x7fffffff;

std::string BigEndian(uint32_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(number >> (8 * i)));
  return text;
}

std::string MakeFrame(Frame type, char flags, uint32_t stream, absl::string_view payload) {
  std::string frame = BigEndian(static_cast<uint32_t>(payload.size()), 3);
  frame.push_back(static_cast<char>(type));
  frame.push_back(flags);
  frame.append(BigEndian(stream, 4));
  frame.append(payload.data(), payload.size());
  return frame;
}

// A string of less than 127 bytes, not packed.
void AppendString(absl::string_view text, std::string& block) {
  ASSERT_LT(text.size(), 127u);
  block.push_back(static_cast<char>(text.size()));
  block.append(text.data(), text.size());
}

std::string HeaderBlock(const std::string& method, const RawClient::Headers& more) {
  RawClient::Headers headers = {{":method", "POST"}, {":scheme", "http"},
                                {":path", method},   {":authority", "localhost"},
                                {"te", "trailers"},  {"content-type", "application/grpc"}};
  headers.insert(headers.end(), more.begin(), more.end());
  std::string block;
  for (const auto& [name, value] : headers) {
    block.push_back(0);  // a literal that is not to be remembered
    AppendString(name, block);
    AppendString(value, block);
  }
  return block;
}

// The one message of a call, in frames.
std::string MessageFrames(uint32_t stream, absl::string_view message, bool compressed) {
  std::string bytes(1, compressed ? 1 : 0);
  bytes.append(BigEndian(static_cast<uint32_t>(message.size()), 4));
  bytes.append(message.data(), message.size());
  std::string frames;
  for (size_t offset = 0; offset < bytes.size(); offset += kMaxFrameBytes) {
    const bool last = offset + kMaxFrameBytes >= bytes.size();
    frames += MakeFrame(Frame::kData, last ? kEndStream : 0, stream,
                        absl::string_view(bytes).substr(offset, kMaxFrameBytes));
  }
  return frames;
}

std::string ResetFrame(uint32_t stream) {
  constexpr uint32_t kCancel = 8;
  return MakeFrame(Frame::kReset, 0, stream, BigEndian(kCancel, 4));
}

}  // namespace

RawClient::RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::connect(socket_.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
}

void RawClient::Greet() {
  const std::string initial_window = BigEndian(4, 2) + BigEndian(kLargestWindow, 4);
  Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + MakeFrame(Frame::kSettings, 0, 0, initial_window) +
        MakeFrame(Frame::kWindowUpdate, 0, 0, BigEndian(kLargestWindow - 65535, 4)));
}

uint32_t RawClient::BeginCall(const std::string& method, const Headers& more) {
  const uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
  Write(MakeFrame(Frame::kHeaders, kEndHeaders, stream, HeaderBlock(method, more)));
  return stream;
}

void RawClient::SendMessage(uint32_t stream, absl::string_view message, bool compressed) {
  Write(MessageFrames(stream, message, compressed));
}

void RawClient::Reset(uint32_t stream) { Write(ResetFrame(stream)); }

bool RawClient::BeginCalls(int calls, const Flood& flood) {
  const std::string block = HeaderBlock(flood.method, flood.headers);
  std::string bytes;
  for (int i = 0; i < calls; ++i) {
    const uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
    bytes += MakeFrame(Frame::kHeaders, kEndHeaders, stream, block);
    if (!flood.message.empty()) bytes += MessageFrames(stream, flood.message, false);
    if (flood.reset) bytes += ResetFrame(stream);
  }
  return WriteAndDropAnswers(bytes);
}

std::string RawClient::ReadUntil(absl::string_view text, absl::Duration patience) {
  std::string all;
  std::string buffer(65536, '\0');
  const absl::Time deadline = absl::Now() + patience;
  while (all.find(text.data(), 0, text.size()) == std::string::npos && WaitForAny({fd()}, deadline).ok()) {
    const ssize_t count = ::read(fd(), buffer.data(), buffer.size());
    if (count <= 0) break;
    all.append(buffer, 0, static_cast<size_t>(count));
  }
  return all;
}

void RawClient::Write(absl::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.Get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

// A server that neither reads nor hangs up for so long is taken for one that does neither.
constexpr int kMostMilliseconds = 30'000;

bool RawClient::WriteAndDropAnswers(absl::string_view bytes) const {
  std::string answers(65536, '\0');
  while (!bytes.empty()) {
    pollfd ready{.fd = fd(), .events = POLLIN | POLLOUT, .revents = 0};
    if (::poll(&ready, 1, kMostMilliseconds) <= 0) return false;
    if ((ready.revents & POLLIN) != 0 && ::read(fd(), answers.data(), answers.size()) <= 0) return false;
    if ((ready.revents & POLLOUT) == 0) continue;
    const ssize_t count = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) return false;
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace bpfrig::front
