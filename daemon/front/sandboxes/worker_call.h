// WorkerCall: one call's way to a worker and back, on its own socketpair. One thread sends and receives, and
// waits no longer than the call's deadline; any thread may cancel. Made by the relays, one for each RPC.
#pragma once

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "common/fd.h"
#include "daemon/front/sandboxes/sandbox.h"
#include "daemon/ipc/message_socket.h"
#include "google/protobuf/message.h"
#include "proto/rules/call_traits.h"

namespace bpfrig::front {

class WorkerCall {
 public:
  // How long past its deadline a call may keep the worker.
  static constexpr absl::Duration kGrace = absl::Seconds(1);

  // `request`, the call's first, says which call it is.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<WorkerCall>> Create(
      std::shared_ptr<Sandbox> sandbox, const google::protobuf::Message& request, absl::Time deadline);
  ~WorkerCall();
  WorkerCall(const WorkerCall&) = delete;
  WorkerCall& operator=(const WorkerCall&) = delete;

  // Hands the worker its end and the request, with a descriptor if `attached` is not -1.
  [[nodiscard]] absl::Status Start(const internal::v1::CallRequest& request, int attached = -1);
  // Sends one more request. If it fails because the worker has finished the call, the status is the worker's.
  [[nodiscard]] absl::Status Send(const internal::v1::CallRequest& request, int attached = -1);
  // The same of one that is passed on as it is: the bytes of a message of type `type`.
  [[nodiscard]] absl::Status SendEncoded(const google::protobuf::Descriptor& type, absl::string_view message);
  // No more requests follow.
  void FinishSending() { socket_.FinishSending(); }
  // Receives a reply; false if the worker has finished the call. An error says how the call ended: the
  // worker's own, the deadline, the cancellation, the sandbox's end.
  [[nodiscard]] absl::StatusOr<bool> Next(internal::v1::CallReply& reply);
  // The same of a reply that is passed on as it is: the bytes of the message of type `type` that it holds.
  [[nodiscard]] absl::StatusOr<bool> NextEncoded(const google::protobuf::Descriptor& type,
                                                 std::string& message);
  // For the deadline passing while the call waits for its client: cancels it, and returns the error.
  [[nodiscard]] absl::Status GiveUpAtDeadline();
  // Waits until the worker has read what was sent, or says something. If it does neither in time it hangs:
  // that ends the sandbox.
  [[nodiscard]] absl::Status AwaitTaken(absl::Duration time);

  // From any thread. The client has gone.
  void Cancel();
  // From the sandbox: it has ended, or is being closed.
  void Abort();

  [[nodiscard]] const rules::CallTraits& traits() const { return traits_; }
  [[nodiscard]] v1::LoopUse loop_use() const { return loop_use_; }
  [[nodiscard]] absl::Time deadline() const { return deadline_; }
  // To wait for a reply together with something else.
  [[nodiscard]] int Get() const { return socket_.Get(); }

 private:
  WorkerCall(std::shared_ptr<Sandbox> sandbox, const google::protobuf::Message& request, absl::Time deadline,
             common::Fd ours, common::Fd theirs);

  // What became of a request that was sent so.
  [[nodiscard]] absl::Status AfterSending(const absl::Status& sent);
  // What an attempt to receive a reply says of the call, unless it came.
  [[nodiscard]] absl::Status AfterReceiving(const absl::StatusOr<bool>& received);
  // The call is over without the worker having finished it: how it ended.
  [[nodiscard]] absl::Status Unfinished();
  // Cancels the call and sees to it that the worker is not stuck; returns `why`, or that the worker hung.
  [[nodiscard]] absl::Status GiveUp(const absl::Status& why);
  [[nodiscard]] absl::Status DeadlineError() const;

  const std::shared_ptr<Sandbox> sandbox_;
  const rules::CallTraits& traits_;
  const v1::LoopUse loop_use_;
  const std::string what_;  // the call in messages, with the program that it is about
  const absl::Time deadline_;
  ipc::MessageSocket socket_;
  common::Fd worker_end_;  // until it is handed over
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> aborted_ = false;
};

// For calls that answer once: sends the request, a file in it apart, and receives the one response.
// `time_to_take` is for AwaitTaken, if it is finite.
[[nodiscard]] absl::Status CallOnce(WorkerCall& call, const google::protobuf::Message& request,
                                    google::protobuf::Message& response,
                                    absl::Duration time_to_take = absl::InfiniteDuration());
// The worker answered with another call's message.
[[nodiscard]] absl::Status WrongReply(const WorkerCall& call);

}  // namespace bpfrig::front
