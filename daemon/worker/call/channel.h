// Channel: the sandbox's control channel, on which the front passes one call socket a call: the byte 'c' and
// a descriptor. Its end, and that of the lifeline, is the worker's.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "common/fd.h"
#include "daemon/worker/call/asio.h"

namespace bpfrig::worker {

class Channel {
 public:
  // `on_call` gets each call's socket; `on_end` runs once, at the end of the stream.
  Channel(Loop& loop, std::function<void(common::Fd)> on_call, std::function<void()> on_end)
      : socket_(loop), on_call_(std::move(on_call)), on_end_(std::move(on_end)) {}

  // Takes over the socket and begins to read.
  [[nodiscard]] absl::Status Start(common::Fd socket);

 private:
  void WaitForCalls();
  void OnReadable();

  asio::posix::stream_descriptor socket_;
  std::function<void(common::Fd)> on_call_;
  std::function<void()> on_end_;
};

// A pipe or socket whose other end somebody holds for as long as this process shall live.
class Lifeline {
 public:
  // `on_end` runs once, when the other end has been closed.
  Lifeline(Loop& loop, std::function<void()> on_end) : pipe_(loop), on_end_(std::move(on_end)) {}

  [[nodiscard]] absl::Status Start(common::Fd pipe);

 private:
  void WaitForEnd();

  asio::posix::stream_descriptor pipe_;
  std::function<void()> on_end_;
};

}  // namespace bpfrig::worker
