// MessageSocket: one end of a SOCK_STREAM socketpair that carries protobuf messages, and with each at most
// one file descriptor. It blocks, up to a deadline. The front uses it towards workers, both sides of the
// control channel use it; the worker's loop uses ReceiveBytes and frame.h instead.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"
#include "daemon/ipc/frame.h"

namespace bpfrig::ipc {

// Two connected sockets, CLOEXEC, blocking.
[[nodiscard]] absl::StatusOr<std::pair<common::Fd, common::Fd>> MakeSocketPair();

// One recvmsg() of up to 64 KiB, without blocking: appends the bytes to `bytes` and any descriptor to `fds`.
// Returns how many bytes came: 0 at the end of the stream, -1 if there are none yet.
[[nodiscard]] absl::StatusOr<ssize_t> ReceiveBytes(int socket, std::string& bytes,
                                                   std::deque<common::Fd>& fds);

// One sendmsg() of as many of `bytes` as the socket takes, without blocking, with `attached` if it is not -1.
// Returns how many it sent: -1 if the socket takes none now. Never raises SIGPIPE.
[[nodiscard]] absl::StatusOr<ssize_t> SendBytes(int socket, absl::string_view bytes, int attached);

class MessageSocket {
 public:
  explicit MessageSocket(common::Fd fd) : fd_(std::move(fd)) {}

  // Sends a message, with a descriptor if `attached` is not -1. DEADLINE_EXCEEDED if the peer did not read in
  // time; the stream is unusable then.
  [[nodiscard]] absl::Status Send(const google::protobuf::MessageLite& message, int attached = -1,
                                  absl::Time deadline = absl::InfiniteFuture());
  // The same of a message that is encoded already.
  [[nodiscard]] absl::Status SendEncoded(absl::string_view message, absl::Time deadline);
  // Send in two: Begin sends what the socket has room for, Flush waits for room for the rest.
  [[nodiscard]] absl::Status Begin(const google::protobuf::MessageLite& message, int attached = -1);
  [[nodiscard]] absl::Status Flush(absl::Time deadline = absl::InfiniteFuture());
  // Receives a message; false if the peer has closed between two messages. Closing within one is an error.
  [[nodiscard]] absl::StatusOr<bool> Receive(google::protobuf::MessageLite& message,
                                             absl::Time deadline = absl::InfiniteFuture());
  // The same, as it was encoded.
  [[nodiscard]] absl::StatusOr<bool> ReceiveEncoded(std::string& message,
                                                    absl::Time deadline = absl::InfiniteFuture());
  // The oldest descriptor that came with a message and was not taken yet; not open if there is none.
  [[nodiscard]] common::Fd TakeFd();

  // Says that nothing more will be sent; the peer reads the end of the stream.
  void FinishSending();
  // Ends both directions: a Send or Receive that blocks, in any thread, returns.
  void Shutdown();

  [[nodiscard]] int Get() const { return fd_.Get(); }

 private:
  [[nodiscard]] absl::Status SendSome();
  // Receives until the decoder has what `next` takes out of it; false at the end of the stream.
  [[nodiscard]] absl::StatusOr<bool> ReceiveUntil(absl::Time deadline,
                                                  const std::function<absl::StatusOr<bool>()>& next);

  common::Fd fd_;
  std::string unsent_;
  int unsent_fd_ = -1;  // goes with the first byte of `unsent_`
  FrameDecoder decoder_;
  std::deque<common::Fd> received_fds_;
};

}  // namespace bpfrig::ipc
