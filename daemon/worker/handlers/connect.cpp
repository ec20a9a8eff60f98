// Connect: dials, finds the server that accepted, sends, reads back, and keeps or closes both ends. One
// deadline covers all of it. Of datagrams there is one end, and the server is the one that gets what is sent.
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/ready_options.h"
#include "daemon/worker/handlers/send_datagram.h"
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
  void Start(DialPlan plan);

 private:
  Traffic& traffic() { return sandbox_.traffic(); }
  ConnectResponse& response() { return *reply_.mutable_connect(); }

  void OnDialled(DialResult result);
  void AwaitAccepted();
  void OnAccepted(WaitResult result);
  void SendBytes();
  void ReceiveBytes();
  void SendDatagram();
  void ReceiveDatagram();
  void TakeDatagram();
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
  DialPlan plan_;
  // One of the two is there once the dial came through.
  Carrier dialled_;
  std::shared_ptr<StreamEnd> accepted_;
};

void Connecting::Start(DialPlan plan) {
  plan_ = std::move(plan);
  Dial(sandbox_.loop(), call_, plan_, traffic().inspector(), deadline_,
       [self = shared_from_this()](DialResult result) { self->OnDialled(std::move(result)); });
}

void Connecting::OnDialled(DialResult result) {
  if (result.cancelled) return Abandon();
  if (!result.descriptor.IsOpen()) {
    response().set_errno_name(common::ErrnoName(result.error));
    return Answer();
  }
  const SocketKind kind = plan_.setup.kind;
  const SocketFacts facts = traffic().inspector().Inspect(result.descriptor.Get(), kind);
  *response().mutable_local() = ToProto(Normalised(facts.local));
  *response().mutable_peer() = ToProto(Normalised(facts.peer));
  response().set_dialled_cookie(facts.cookie);
  if (kind.IsDatagram()) {
    dialled_.datagrams = DatagramSocket::Start(sandbox_.loop(), std::move(result.descriptor), facts,
                                               Behaviour(), traffic().receive_limit());
    return SendDatagram();
  }
  dialled_.stream =
      StartDialled(sandbox_.loop(), std::move(result.descriptor), kind, facts, traffic().receive_limit());
  AwaitAccepted();
}

void Connecting::AwaitAccepted() {
  // A socket can connect to itself, and then has no other end.
  const StreamEnd& dialled = *dialled_.stream;
  if (dialled.local() == dialled.peer()) return SendBytes();
  AwaitSignal(
      sandbox_.loop(), traffic().accepted(), call_, deadline_,
      [self = shared_from_this()] {
        std::optional<AcceptedEnd> accepted = self->traffic().Claim(*self->dialled_.stream);
        if (!accepted.has_value()) return false;
        self->accepted_ = std::move(accepted->end);
        self->response().set_server(accepted->server);
        self->response().set_accepted_cookie(self->accepted_->cookie());
        // sock_diag does not tell a peer of the unix family before it was accepted.
        if (self->dialled_.stream->peer() == Endpoint()) {
          *self->response().mutable_peer() = ToProto(Normalised(self->accepted_->local()));
        }
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
  const std::shared_ptr<StreamEnd> end = dialled_.stream;
  const std::shared_ptr<PendingWrite> write = end->Write(request_.send());
  AwaitSignal(
      sandbox_.loop(), end->changed(), call_, deadline_, [write] { return write->finished; },
      [self = shared_from_this(), end, write](WaitResult result) {
        end->AbandonWrite(write);
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->response().set_sent(write->sent);
        self->ReceiveBytes();
      });
}

void Connecting::ReceiveBytes() {
  if (!request_.has_receive()) return Answer();
  const std::shared_ptr<StreamEnd> end = dialled_.stream;
  end->ReadNow();
  AwaitSignal(
      sandbox_.loop(), end->changed(), call_, deadline_,
      [end, condition = request_.receive()] { return IsMet(condition, *end); },
      [self = shared_from_this(), end](WaitResult result) {
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->response().set_received(end->TakeReceived());
        self->response().set_receive_timed_out(result == WaitResult::kTimedOut);
        self->Answer();
      });
}

void Connecting::SendDatagram() {
  const std::shared_ptr<DatagramSocket> socket = dialled_.datagrams;
  const Endpoint source = socket->local();
  const bool has_name = source.port() != 0 || !source.abstract().empty();
  if (request_.send().empty() || !has_name) {
    response().set_server(traffic().ServerAt(socket->peer(), plan_.setup.kind));
  }
  if (request_.send().empty()) return ReceiveDatagram();
  const std::map<std::string, uint64_t> before = traffic().CountDatagrams(source);
  const int error = SendNoted(sandbox_, *socket, request_.name(), request_.send(), Endpoint());
  if (error != 0) {
    response().set_errno_name(common::ErrnoName(error));
    return Answer();
  }
  response().set_sent(request_.send().size());
  // An error is there at once if nobody is at that port.
  if (!response().server().empty() || socket->IsReadable()) return ReceiveDatagram();
  AwaitSignal(
      sandbox_.loop(), traffic().accepted(), call_, deadline_,
      [self = shared_from_this(), source, before] {
        for (const auto& [server, count] : self->traffic().CountDatagrams(source)) {
          const auto found = before.find(server);
          if (count > (found == before.end() ? 0 : found->second)) self->response().set_server(server);
        }
        return !self->response().server().empty();
      },
      [self = shared_from_this()](WaitResult result) {
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->response().set_server_timed_out(result == WaitResult::kTimedOut);
        self->ReceiveDatagram();
      });
}

void Connecting::ReceiveDatagram() {
  if (!request_.has_receive()) return Answer();
  const std::shared_ptr<DatagramSocket> socket = dialled_.datagrams;
  socket->NotifyWhenReadable();
  AwaitSignal(
      sandbox_.loop(), socket->changed(), call_, deadline_, [socket] { return socket->IsReadable(); },
      [self = shared_from_this(), socket](WaitResult result) {
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->TakeDatagram();
        self->Answer();
      });
}

void Connecting::TakeDatagram() {
  DatagramSocket::Taken taken = dialled_.datagrams->Take(kMaxDatagramBytes);
  if (taken.datagram.has_value()) {
    response().set_received(std::move(taken.datagram->data));
  } else if (taken.error != EAGAIN) {
    response().set_errno_name(common::ErrnoName(taken.error));
  } else {
    response().set_receive_timed_out(true);
    traffic().DescribeSent(*response().mutable_sent_datagrams());
  }
}

void Connecting::Answer() {
  if (call_->IsOver()) return Abandon();
  if (dialled_.stream != nullptr) {
    dialled_.stream->ReadNow();
    response().set_peer_closed(dialled_.stream->PeerClosed());
  }
  if (dialled_.socket() != nullptr && !request_.name().empty()) {
    Connection kept;
    kept.dialled = dialled_.socket();
    kept.accepted = accepted_;
    traffic().Keep(request_.name(), std::move(kept));
  } else {
    traffic().ReleaseName(request_.name());
    CloseBoth();
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
  if (accepted_ != nullptr) {
    accepted_->ReadNow();
    accepted_->Close(false);
  }
  if (dialled_.socket() != nullptr) dialled_.socket()->Close(false);
}

absl::Status StartConnecting(Sandbox& sandbox, const CallPtr& call, const ConnectRequest& request) {
  const Clock::time_point deadline = DeadlineOf(request.timeout_ms());
  BPFRIG_ASSIGN_OR_RETURN(DialPlan plan, ParseDialPlan(request));
  BPFRIG_ASSIGN_OR_RETURN(plan.setup.options, ResolveOptions(request.options(), sandbox));
  BPFRIG_RETURN_IF_ERROR(
      base::WithField(CheckCondition(request.receive(), sandbox.traffic().receive_limit()), "receive"));
  if (!request.name().empty()) BPFRIG_RETURN_IF_ERROR(sandbox.traffic().ReserveName(request.name()));
  std::make_shared<Connecting>(sandbox, call, request, deadline)->Start(std::move(plan));
  return absl::OkStatus();
}

}  // namespace

void HandleConnect(Sandbox& sandbox, const CallPtr& call, const ConnectRequest& request) {
  const absl::Status started = StartConnecting(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
