// Channel: the sandbox's control channel, on which the front passes one call socket a call: the byte 'c' and
// a descriptor. It keeps a descriptor in reserve, without which a call would be lost if this process has no
// other left: so CloseSandbox comes through always. Its end, and that of the lifeline, is the worker's.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "common/fd.h"
#include "daemon/worker/call/asio.h"

namespace bpfrig::worker {

class Channel {
 public:
  // Gets a call's socket. If `is_last` there is no descriptor left: no other call comes before some have been
  // closed, so that this one is to be over soon.
  using OnCall = std::function<void(common::Fd socket, bool is_last)>;

  // `on_end` runs once, at the end of the stream.
  Channel(Loop& loop, OnCall on_call, std::function<void()> on_end)
      : socket_(loop), retry_(loop), on_call_(std::move(on_call)), on_end_(std::move(on_end)) {}

  // Takes over the socket and begins to read.
  [[nodiscard]] absl::Status Start(common::Fd socket);

 private:
  // Waits for calls once there is a descriptor in reserve.
  void Continue();
  void WaitForCalls();
  void OnReadable();

  asio::posix::stream_descriptor socket_;
  asio::steady_timer retry_;
  common::Fd reserve_;
  OnCall on_call_;
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
