// Connect: dials, finds the server that accepted, sends, reads back, and keeps or closes both ends. One
// deadline covers all of it.
#include <chrono>
#include <utility>

#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/dial.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;

// One Connect on its way. Each step starts the next; callbacks keep it alive.
class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(Sandbox& sandbox, CallPtr call, const ConnectRequest& request, Clock::time_point deadline)
      : sandbox_(sandbox), call_(std::move(call)), request_(request), deadline_(deadline) {
    traffic().BeginDial();
  }
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

  // The name is reserved already.
  void Start(const DialPlan& plan);

 private:
  Traffic& traffic() { return sandbox_.traffic(); }
  ConnectResponse& response() { return *reply_.mutable_connect(); }

  void OnDialled(DialResult result);
  void AwaitAccepted();
  void OnAccepted(WaitResult result);
  void SendBytes();
  void ReceiveBytes();
  // One of the two comes last, once. Answer closes both ends, or keeps them.
  void Answer();
  // The client has gone: nothing is kept.
  void Abandon();
  void CloseBoth();

  Sandbox& sandbox_;
  CallPtr call_;
  const ConnectRequest request_;
  const Clock::time_point started_ = Clock::now();
  const Clock::time_point deadline_;
  Call::Reply reply_;
  Connection ends_;
};

void Connecting::Start(const DialPlan& plan) {
  Dial(sandbox_.loop(), call_, plan, traffic().receive_limit(), deadline_,
       [self = shared_from_this()](DialResult result) { self->OnDialled(std::move(result)); });
}

void Connecting::OnDialled(DialResult result) {
  if (result.cancelled) return Abandon();
  if (result.end == nullptr) {
    response().set_errno_name(common::ErrnoName(result.error));
    return Answer();
  }
  ends_.dialled = std::move(result.end);
  *response().mutable_local() = ToProto(ends_.dialled->local());
  *response().mutable_peer() = ToProto(ends_.dialled->peer());
  response().set_dialled_cookie(ends_.dialled->cookie());
  AwaitAccepted();
}

void Connecting::AwaitAccepted() {
  // A socket can connect to itself, and then has no other end.
  if (ends_.dialled->local() == ends_.dialled->peer()) return SendBytes();
  AwaitSignal(
      sandbox_.loop(), traffic().accepted(), call_, deadline_,
      [self = shared_from_this()] {
        std::optional<AcceptedEnd> accepted = self->traffic().Claim(*self->ends_.dialled);
        if (!accepted.has_value()) return false;
        self->ends_.accepted = std::move(accepted->end);
        self->response().set_server(accepted->server);
        self->response().set_accepted_cookie(self->ends_.accepted->cookie());
        return true;
      },
      [self = shared_from_this()](WaitResult result) { self->OnAccepted(result); });
}

void Connecting::OnAccepted(WaitResult result) {
  if (result == WaitResult::kCancelled) return Abandon();
  if (result == WaitResult::kMet) return SendBytes();
  response().set_server_timed_out(true);
  Answer();
}

void Connecting::SendBytes() {
  if (request_.send().empty()) return ReceiveBytes();
  const std::shared_ptr<PendingWrite> write = ends_.dialled->Write(request_.send());
  AwaitSignal(
      sandbox_.loop(), ends_.dialled->changed(), call_, deadline_, [write] { return write->finished; },
      [self = shared_from_this(), write](WaitResult result) {
        self->ends_.dialled->AbandonWrite(write);
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->response().set_sent(write->sent);
        self->ReceiveBytes();
      });
}

void Connecting::ReceiveBytes() {
  if (!request_.has_receive()) return Answer();
  const std::shared_ptr<DataSocket> end = ends_.dialled;
  end->ReadNow();
  AwaitSignal(
      sandbox_.loop(), end->changed(), call_, deadline_,
      [end, condition = request_.receive()] { return IsMet(condition, *end); },
      [self = shared_from_this()](WaitResult result) {
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->response().set_received(self->ends_.dialled->TakeReceived());
        self->Answer();
      });
}

void Connecting::Answer() {
  if (call_->IsOver()) return Abandon();
  if (ends_.dialled == nullptr) {
    traffic().ReleaseName(request_.name());
  } else {
    ends_.dialled->ReadNow();
    response().set_peer_closed(ends_.dialled->PeerClosed());
    if (request_.name().empty()) CloseBoth();
    if (!request_.name().empty()) traffic().Keep(request_.name(), std::exchange(ends_, {}));
  }
  traffic().EndDial();
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started_);
  response().set_duration_us(static_cast<uint64_t>(duration.count()));
  call_->FinishWith(absl::OkStatus(), reply_);
}

void Connecting::Abandon() {
  traffic().ReleaseName(request_.name());
  CloseBoth();
  traffic().EndDial();
}

void Connecting::CloseBoth() {
  // The accepted end first: TIME_WAIT then holds the server's port, not an ephemeral one, and a test that
  // dials thousands of times does not run out of them. What has been sent is read first: closing over unread
  // bytes is a reset.
  if (ends_.accepted != nullptr) {
    ends_.accepted->ReadNow();
    ends_.accepted->Close(false);
  }
  if (ends_.dialled != nullptr) ends_.dialled->Close(false);
  ends_ = {};
}

absl::Status StartConnecting(Sandbox& sandbox, const CallPtr& call, const ConnectRequest& request) {
  const Clock::time_point deadline = DeadlineOf(request.timeout_ms());
  BPFRIG_ASSIGN_OR_RETURN(const DialPlan plan, ParseDialPlan(request));
  BPFRIG_RETURN_IF_ERROR(
      base::WithField(CheckCondition(request.receive(), sandbox.traffic().receive_limit()), "receive"));
  if (!request.name().empty()) BPFRIG_RETURN_IF_ERROR(sandbox.traffic().ReserveName(request.name()));
  std::make_shared<Connecting>(sandbox, call, request, deadline)->Start(plan);
  return absl::OkStatus();
}

}  // namespace

void HandleConnect(Sandbox& sandbox, const CallPtr& call, const ConnectRequest& request) {
  const absl::Status started = StartConnecting(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
