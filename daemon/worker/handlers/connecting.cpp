#include "daemon/worker/handlers/connecting.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "common/errno_name.h"
#include "daemon/worker/handlers/send_datagram.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;

Connecting::Connecting(Sandbox& sandbox, CallPtr call, const ConnectRequest& request,
                       Clock::time_point started, Done done)
    : sandbox_(sandbox),
      call_(std::move(call)),
      request_(request),
      started_(started),
      deadline_(DeadlineOf(request.timeout_ms(), started)),
      done_(std::move(done)) {
  traffic().BeginDial();
}

void Connecting::Start(SocketKind kind, const Endpoint& to, BegunDial begun) {
  kind_ = kind;
  AwaitDial(sandbox_.loop(), call_, std::move(begun), to, deadline_,
            [self = shared_from_this()](DialResult result) { self->OnDialled(std::move(result)); });
}

void Connecting::OnDialled(DialResult result) {
  if (result.cancelled) return Abandon();
  if (!result.descriptor.IsOpen()) {
    response_.set_errno_name(common::ErrnoName(result.error));
    return Answer();
  }
  const SocketFacts facts = traffic().inspector().Inspect(result.descriptor.Get(), kind_);
  *response_.mutable_local() = ToProto(Normalised(facts.local));
  *response_.mutable_peer() = ToProto(Normalised(facts.peer));
  response_.set_dialled_cookie(facts.cookie);
  if (kind_.IsDatagram()) {
    dialled_.datagrams = DatagramSocket::Start(sandbox_.loop(), std::move(result.descriptor), facts,
                                               Behaviour(), traffic().receive_limit());
    return SendDatagram();
  }
  dialled_.stream =
      StartDialled(sandbox_.loop(), std::move(result.descriptor), kind_, facts, traffic().receive_limit());
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
        self->response_.set_server(accepted->server);
        self->response_.set_accepted_cookie(self->accepted_->cookie());
        // sock_diag does not tell a peer of the unix family before it was accepted.
        if (self->dialled_.stream->peer() == Endpoint()) {
          *self->response_.mutable_peer() = ToProto(Normalised(self->accepted_->local()));
        }
        return true;
      },
      [self = shared_from_this()](WaitResult result) { self->OnAccepted(result); });
}

void Connecting::OnAccepted(WaitResult result) {
  if (result == WaitResult::kCancelled) return Abandon();
  if (result == WaitResult::kMet) return SendBytes();
  response_.set_server_timed_out(true);
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
        self->response_.set_sent(write->sent);
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
        self->response_.set_received(end->TakeReceived());
        self->response_.set_receive_timed_out(result == WaitResult::kTimedOut);
        self->Answer();
      });
}

void Connecting::SendDatagram() {
  const std::shared_ptr<DatagramSocket> socket = dialled_.datagrams;
  const Endpoint source = socket->local();
  const bool has_name = source.port() != 0 || !source.abstract().empty();
  if (request_.send().empty() || !has_name) {
    response_.set_server(traffic().ServerAt(socket->peer(), kind_));
  }
  if (request_.send().empty()) return ReceiveDatagram();
  const std::map<std::string, uint64_t> before = traffic().CountDatagrams(source);
  const int error = SendNoted(sandbox_, *socket, request_.name(), request_.send(), Endpoint());
  if (error != 0) {
    response_.set_errno_name(common::ErrnoName(error));
    return Answer();
  }
  response_.set_sent(request_.send().size());
  // An error is there at once if nobody is at that port.
  if (!response_.server().empty() || socket->IsReadable()) return ReceiveDatagram();
  AwaitSignal(
      sandbox_.loop(), traffic().accepted(), call_, deadline_,
      [self = shared_from_this(), source, before] {
        for (const auto& [server, count] : self->traffic().CountDatagrams(source)) {
          const auto found = before.find(server);
          if (count > (found == before.end() ? 0 : found->second)) self->response_.set_server(server);
        }
        return !self->response_.server().empty();
      },
      [self = shared_from_this()](WaitResult result) {
        if (result == WaitResult::kCancelled) return self->Abandon();
        self->response_.set_server_timed_out(result == WaitResult::kTimedOut);
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
    response_.set_received(std::move(taken.datagram->data));
  } else if (taken.error != EAGAIN) {
    response_.set_errno_name(common::ErrnoName(taken.error));
  } else {
    response_.set_receive_timed_out(true);
    traffic().DescribeSent(*response_.mutable_sent_datagrams());
  }
}

void Connecting::Answer() {
  if (call_->IsOver()) return Abandon();
  if (dialled_.stream != nullptr) {
    dialled_.stream->ReadNow();
    response_.set_peer_closed(dialled_.stream->PeerClosed());
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
  response_.set_duration_us(static_cast<uint64_t>(duration.count()));
  done_(response_);
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

}  // namespace bpfrig::worker
