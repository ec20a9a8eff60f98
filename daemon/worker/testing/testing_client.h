// For tests only: the front's part of a worker's protocol. It passes call sockets over the channel, and
// collects the replies.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "common/fd.h"
#include "daemon/ipc/message_socket.h"

namespace bpfrig::worker {

// How a call ended.
struct CallResult {
  std::vector<bpfrig::internal::v1::CallReply> replies;
  bpfrig::internal::v1::CallFinished finished;
  // Where the worker did not even finish the call.
  std::string failure;

  [[nodiscard]] bool ok() const { return failure.empty() && finished.code() == 0; }
  // What a test prints when it fails.
  [[nodiscard]] std::string Text() const { return failure + finished.ShortDebugString(); }
  [[nodiscard]] bpfrig::v1::ErrorReason reason() const { return finished.detail().reason(); }
  [[nodiscard]] const std::string& field() const { return finished.detail().field(); }
  // The last reply before `finished`; an empty one if there is none.
  [[nodiscard]] const bpfrig::internal::v1::CallReply& reply() const {
    return replies.empty() ? bpfrig::internal::v1::CallReply::default_instance() : replies.back();
  }
};

// One call under way.
class TestCall {
 public:
  explicit TestCall(common::Fd socket) : socket_(std::move(socket)) {}

  absl::Status Send(const bpfrig::internal::v1::CallRequest& request, int attached = -1) {
    return socket_.Send(request, attached, absl::Now() + absl::Seconds(20));
  }
  void FinishSending() { socket_.FinishSending(); }
  ipc::MessageSocket& socket() { return socket_; }

  CallResult Wait() {
    CallResult result;
    while (true) {
      bpfrig::internal::v1::CallReply reply;
      const absl::StatusOr<bool> received = socket_.Receive(reply, absl::Now() + absl::Seconds(20));
      if (!received.ok()) result.failure = received.status().ToString();
      if (received.ok() && !*received) result.failure = "the worker closed the call without finishing it";
      if (!result.failure.empty()) return result;
      if (reply.has_finished()) {
        result.finished = reply.finished();
        return result;
      }
      result.replies.push_back(std::move(reply));
    }
  }

 private:
  ipc::MessageSocket socket_;
};

class TestClient {
 public:
  explicit TestClient(common::Fd channel) : channel_(std::move(channel)) {}

  // A call's socket, without a request yet.
  TestCall Open() {
    absl::StatusOr<std::pair<common::Fd, common::Fd>> pair = ipc::MakeSocketPair();
    if (!pair.ok()) return TestCall(common::Fd());
    const absl::StatusOr<ssize_t> sent = ipc::SendBytes(channel_.Get(), "c", pair->second.Get());
    return TestCall(sent.ok() ? std::move(pair->first) : common::Fd());
  }
  TestCall Start(const bpfrig::internal::v1::CallRequest& request, int attached = -1) {
    TestCall call = Open();
    // Where sending fails, so does the wait for the answer.
    call.Send(request, attached).IgnoreError();
    return call;
  }
  // One request, all replies. `object` is passed as a memfd, as LoadProgram wants it.
  CallResult Run(const bpfrig::internal::v1::CallRequest& request, const std::string& object = "") {
    common::Fd file;
    if (!object.empty()) {
      file = common::Fd(::memfd_create("object", MFD_CLOEXEC | MFD_ALLOW_SEALING));
      if (::write(file.Get(), object.data(), object.size()) != static_cast<ssize_t>(object.size()))
        file.Close();
    }
    TestCall call = Start(request, file.Get());
    // As the front does, of a client stream alone: it would interrupt a call that waits for its cancellation.
    if (request.has_seed_map()) call.FinishSending();
    return call.Wait();
  }
  void Close() { channel_.Close(); }

 private:
  common::Fd channel_;
};

}  // namespace bpfrig::worker
