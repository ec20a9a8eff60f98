// How messages look on a stream socket: a message is one or more frames; a frame is a header of four bytes,
// little-endian, and at most 64 KiB of the message. The header's low 31 bits are the frame's length; its top
// bit says that more frames of the same message follow. Used by MessageSocket, and by the worker's loop,
// which reads without blocking.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class MessageLite;
}

namespace bpfrig::ipc {

inline constexpr size_t kMaxFrameBytes = 64 * 1024;
// A peer that sends more is broken, not busy.
inline constexpr size_t kMaxMessageBytes = 32 * 1024 * 1024;

// The message's frames. Fails if it is larger than kMaxMessageBytes.
[[nodiscard]] absl::StatusOr<std::string> EncodeFrames(const google::protobuf::MessageLite& message);
// The same of one that is encoded already.
[[nodiscard]] absl::StatusOr<std::string> FramesOf(absl::string_view encoded);

// Puts frames together again, whatever pieces they arrive in.
class FrameDecoder {
 public:
  void Append(absl::string_view bytes);
  // Takes the next whole message into `message`; false if it has not arrived yet. An error is final.
  [[nodiscard]] absl::StatusOr<bool> Next(google::protobuf::MessageLite& message);
  // The same, as it was encoded.
  [[nodiscard]] absl::StatusOr<bool> NextEncoded(std::string& message);
  // Whether the stream may end here: nothing is half-arrived.
  [[nodiscard]] bool AtBoundary() const { return pending_.size() == consumed_ && partial_.empty(); }

 private:
  std::string pending_;
  size_t consumed_ = 0;  // bytes of pending_ that were used
  std::string partial_;  // frames of the unfinished message
};

}  // namespace bpfrig::ipc
