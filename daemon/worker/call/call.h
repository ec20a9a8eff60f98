// Call: one call of the front, as its socket in the worker's loop. It reads the requests, writes the replies
// in order and without blocking, and notices when the front closes, which cancels the call. Made by the
// dispatcher, held by the handler at work on it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "common/fd.h"
#include "daemon/ipc/frame.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/signal.h"

namespace bpfrig::worker {

class Call : public std::enable_shared_from_this<Call> {
 public:
  using Request = bpfrig::internal::v1::CallRequest;
  using Reply = bpfrig::internal::v1::CallReply;
  using OnRequest = std::function<void(std::optional<Request>)>;

  [[nodiscard]] static absl::StatusOr<std::shared_ptr<Call>> Open(Loop& loop, common::Fd socket);
  // Use Open().
  explicit Call(Loop& loop) : loop_(loop), socket_(loop) {}

  // Passes the next request to `then`, or nothing if the front has sent its last. `then` does not run
  // if the call is over before that; what is no message ends the call with INTERNAL.
  void ReadRequest(OnRequest then);
  // The descriptor that came with the requests; not open if there is none.
  [[nodiscard]] common::Fd TakeFd();

  // Sends a reply, whose strings are UTF-8; `then` runs from the loop once the kernel has taken all of it,
  // never after the call is over. Whoever sends many replies waits for that: it is the stream's
  // back-pressure.
  void Send(const Reply& reply, std::function<void()> then = nullptr);
  // Ends the call with a status.
  void Finish(const absl::Status& status);
  // Ends the call with a last reply if `status` is OK, else with the status alone. What is not UTF-8 in
  // either is shown as text first.
  void FinishWith(const absl::Status& status, Reply& reply);

  // Finished, or cancelled by the front.
  [[nodiscard]] bool IsOver() const { return over_; }
  // Notified once, when the call is over.
  [[nodiscard]] Signal& over_signal() { return over_signal_; }

  // To watch while the loop does not turn.
  [[nodiscard]] int Socket() { return socket_.native_handle(); }

  // A call holds the queue's slot until it is over, or until the dispatcher lets the next one go ahead.
  void SetSlot(std::function<void()> release) { release_slot_ = std::move(release); }
  void ReleaseSlot();

 private:
  struct Outgoing {
    std::string frames;
    size_t offset = 0;
    std::function<void()> then;
  };

  void WatchForCancel();
  void ContinueReading();
  void WaitForRequest();
  void EndOfRequests();
  void Enqueue(const Reply& reply, std::function<void()> then);
  void Flush();
  // Marks the call as over and tells everyone.
  void End();
  void Close();

  Loop& loop_;
  asio::posix::stream_descriptor socket_;
  ipc::FrameDecoder decoder_;
  std::deque<common::Fd> received_fds_;
  OnRequest on_request_;
  std::deque<Outgoing> outbox_;
  bool waiting_to_write_ = false;
  bool over_ = false;
  Signal over_signal_;
  std::function<void()> release_slot_;
};

using CallPtr = std::shared_ptr<Call>;

}  // namespace bpfrig::worker
