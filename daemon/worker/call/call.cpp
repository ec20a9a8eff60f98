#include "daemon/worker/call/call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/error_detail.h"
#include "daemon/ipc/message_socket.h"
#include "daemon/ipc/shown_strings.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;

// How a status looks on the wire.
void FillFinished(const absl::Status& status, bpfrig::internal::v1::CallFinished& finished) {
  finished.set_code(static_cast<int>(status.code()));
  if (status.ok()) return;
  finished.set_message(std::string(status.message()));
  *finished.mutable_detail() = ipc::ToProto(base::DetailOf(status));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Call>> Call::Open(Loop& loop, common::Fd socket) {
  auto call = std::make_shared<Call>(loop);
  error_code error;
  call->socket_.assign(socket.Get(), error);
  if (error) return MakeError(Reason::kInternal, absl::StrCat("watching a call's socket: ", error.message()));
  (void)socket.Release();
  call->WatchForCancel();
  return call;
}

void Call::WatchForCancel() {
  // A front that only has no more requests shuts its side down, which is not an error event; closing is one.
  socket_.async_wait(asio::posix::stream_descriptor::wait_error,
                     [self = shared_from_this()](const error_code& error) {
                       if (error) return;
                       self->End();
                       self->Close();
                     });
}

void Call::ReadRequest(OnRequest then) {
  on_request_ = std::move(then);
  // From the loop, not from here: a stream of many small requests in one read must not nest.
  asio::post(loop_, [self = shared_from_this()] { self->ContinueReading(); });
}

void Call::ContinueReading() {
  while (!over_) {
    Request request;
    const absl::StatusOr<bool> complete = decoder_.Next(request);
    if (!complete.ok()) return Finish(complete.status());
    if (*complete) {
      const OnRequest then = std::exchange(on_request_, nullptr);
      return then(std::move(request));
    }
    std::string bytes;
    const absl::StatusOr<ssize_t> count = ipc::ReceiveBytes(socket_.native_handle(), bytes, received_fds_);
    if (!count.ok()) return Finish(count.status());
    if (*count < 0) return WaitForRequest();
    if (*count == 0) return EndOfRequests();
    decoder_.Append(bytes);
  }
}

void Call::WaitForRequest() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const error_code& error) {
                       if (!error) self->ContinueReading();
                     });
}

void Call::EndOfRequests() {
  if (!decoder_.AtBoundary()) {
    return Finish(MakeError(Reason::kInternal, "reading a request: the stream ended within it"));
  }
  const OnRequest then = std::exchange(on_request_, nullptr);
  then(std::nullopt);
}

common::Fd Call::TakeFd() {
  if (received_fds_.empty()) return common::Fd();
  common::Fd fd = std::move(received_fds_.front());
  received_fds_.pop_front();
  return fd;
}

void Call::Send(const Reply& reply, std::function<void()> then) {
  if (over_) return;
  Enqueue(reply, std::move(then));
  Flush();
}

void Call::Finish(const absl::Status& status) {
  if (over_) return;
  const auto self = shared_from_this();
  Reply reply;
  FillFinished(status, *reply.mutable_finished());
  ipc::ShowStrings(reply);
  Enqueue(reply, nullptr);
  End();
  Flush();
}

void Call::FinishWith(const absl::Status& status, Reply& reply) {
  if (over_) return;
  if (status.ok()) {
    ipc::ShowStrings(reply);
    Enqueue(reply, nullptr);
  }
  Finish(status);
}

void Call::Enqueue(const Reply& reply, std::function<void()> then) {
  absl::StatusOr<std::string> frames = ipc::EncodeFrames(reply);
  if (!frames.ok()) return Finish(frames.status());
  // What nobody waits for between goes out together: an answer and its end are one write.
  if (outbox_.empty() || outbox_.back().then) outbox_.emplace_back();
  outbox_.back().frames += *frames;
  outbox_.back().then = std::move(then);
}

void Call::Flush() {
  if (waiting_to_write_ || !socket_.is_open()) return;
  while (!outbox_.empty()) {
    Outgoing& first = outbox_.front();
    const absl::string_view rest = absl::string_view(first.frames).substr(first.offset);
    const absl::StatusOr<ssize_t> count = ipc::SendBytes(socket_.native_handle(), rest, -1);
    if (!count.ok()) {  // the front has gone
      End();
      return Close();
    }
    if (*count < 0) {
      waiting_to_write_ = true;
      socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](const error_code& error) {
                           self->waiting_to_write_ = false;
                           if (!error) self->Flush();
                         });
      return;
    }
    first.offset += static_cast<size_t>(*count);
    if (first.offset < first.frames.size()) continue;
    if (first.then) {
      asio::post(loop_, [self = shared_from_this(), then = std::move(first.then)] {
        if (!self->over_) then();
      });
    }
    outbox_.pop_front();
  }
  if (over_) Close();
}

void Call::ReleaseSlot() {
  const std::function<void()> release = std::exchange(release_slot_, nullptr);
  if (release) release();
}

void Call::End() {
  if (over_) return;
  // What listens may hold the call, and be the last to do so.
  const auto self = shared_from_this();
  over_ = true;
  on_request_ = nullptr;
  over_signal_.Notify();
  over_signal_.Clear();
  ReleaseSlot();
}

void Call::Close() {
  outbox_.clear();
  error_code error;
  socket_.close(error);
  if (error) base::LogWarning(absl::StrCat("closing a call's socket: ", error.message()));
}

}  // namespace bpfrig::worker
