// Receive: takes what arrived at either end of a kept connection, or one datagram.
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ReceiveCondition;
using bpfrig::v1::ReceiveRequest;

void Answer(const CallPtr& call, StreamEnd& end, const ReceiveCondition& until, WaitResult result) {
  if (call->IsOver()) return;  // what arrived stays for the next
  const bool waits_for_close = until.until_closed() && until.at_least() == 0;
  if (waits_for_close && end.IsFull() && !end.PeerClosed()) {
    return call->Finish(base::MakeError(
        base::Reason::kLimitReached,
        absl::StrCat(
            "waiting for the peer to close: ", end.Available(),
            " bytes arrived before that, and the connection's end keeps no more (they can be received)")));
  }
  Call::Reply reply;
  bpfrig::v1::ReceiveResponse& response = *reply.mutable_receive();
  response.set_data(end.TakeReceived());
  response.set_peer_closed(end.PeerClosed());
  if (end.error() != 0) response.set_errno_name(common::ErrnoName(end.error()));
  response.set_timed_out(result == WaitResult::kTimedOut);
  call->FinishWith(absl::OkStatus(), reply);
}

void AnswerDatagram(const Traffic& traffic, const CallPtr& call, DatagramSocket& socket, size_t room,
                    WaitResult result) {
  if (call->IsOver()) return;
  Call::Reply reply;
  bpfrig::v1::ReceiveResponse& response = *reply.mutable_receive();
  response.set_of_datagrams(true);
  response.set_timed_out(result == WaitResult::kTimedOut);
  DatagramSocket::Taken taken = socket.Take(room);
  if (taken.datagram.has_value()) {
    response.set_data(std::move(taken.datagram->data));
    *response.mutable_from() = ToProto(Normalised(taken.datagram->from));
    response.set_truncated(taken.datagram->truncated);
  } else if (taken.error != EAGAIN) {
    response.set_errno_name(common::ErrnoName(taken.error));
  } else if (response.timed_out()) {
    traffic.DescribeSent(*response.mutable_sent_datagrams());
  }
  call->FinishWith(absl::OkStatus(), reply);
}

void AwaitDatagram(Sandbox& sandbox, const CallPtr& call, const std::shared_ptr<DatagramSocket>& socket,
                   const ReceiveRequest& request, Clock::time_point deadline) {
  const bool waits = request.until().at_least() > 0 || request.until().until_closed();
  const size_t room = request.room() == 0 ? kMaxDatagramBytes : request.room();
  if (waits) socket->NotifyWhenReadable();
  AwaitSignal(
      sandbox.loop(), socket->changed(), call, deadline,
      [socket, waits] { return !waits || socket->IsReadable(); },
      [&traffic = sandbox.traffic(), socket, call, room](WaitResult result) {
        AnswerDatagram(traffic, call, *socket, room, result);
      });
}

absl::Status StartReceiving(Sandbox& sandbox, const CallPtr& call, const ReceiveRequest& request) {
  const Clock::time_point deadline = DeadlineOf(request.timeout_ms());
  BPFRIG_RETURN_IF_ERROR(
      base::WithField(CheckCondition(request.until(), sandbox.traffic().receive_limit()), "until"));
  const absl::StatusOr<Carrier> found = sandbox.traffic().FindCarrier(request.at());
  if (!found.ok()) return base::WithField(found.status(), "at");
  if (found->datagrams != nullptr) {
    AwaitDatagram(sandbox, call, found->datagrams, request, deadline);
    return absl::OkStatus();
  }
  const std::shared_ptr<StreamEnd> end = found->stream;
  end->ReadNow();
  const ReceiveCondition until = request.until();
  AwaitSignal(
      sandbox.loop(), end->changed(), call, deadline, [end, until] { return IsMet(until, *end); },
      [end, until, call](WaitResult result) { Answer(call, *end, until, result); });
  return absl::OkStatus();
}

}  // namespace

void HandleReceive(Sandbox& sandbox, const CallPtr& call, const ReceiveRequest& request) {
  const absl::Status started = StartReceiving(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
