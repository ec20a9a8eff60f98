// Send: bytes from either end of a kept connection, or a datagram.
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/send_datagram.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {
namespace {

void Answer(const CallPtr& call, const PendingWrite& write) {
  Call::Reply reply;
  reply.mutable_send()->set_sent(write.sent);
  if (write.error != 0) reply.mutable_send()->set_errno_name(common::ErrnoName(write.error));
  call->FinishWith(absl::OkStatus(), reply);
}

absl::Status SendDatagram(Sandbox& sandbox, const CallPtr& call, DatagramSocket& socket,
                          const bpfrig::v1::SendRequest& request) {
  Endpoint to;
  if (request.has_to()) {
    const absl::StatusOr<Endpoint> parsed = ParseEndpoint(request.to());
    if (!parsed.ok()) return base::WithField(parsed.status(), "to");
    to = *parsed;
  }
  Call::Reply reply;
  const int error = SendNoted(sandbox, socket, request.from().connection(), request.data(), to);
  if (error != 0) reply.mutable_send()->set_errno_name(common::ErrnoName(error));
  if (error == 0) reply.mutable_send()->set_sent(request.data().size());
  call->FinishWith(absl::OkStatus(), reply);
  return absl::OkStatus();
}

absl::Status StartSending(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SendRequest& request) {
  const Clock::time_point deadline = DeadlineOf(request.timeout_ms());
  const absl::StatusOr<Carrier> found = sandbox.traffic().FindCarrier(request.from());
  if (!found.ok()) return base::WithField(found.status(), "from");
  if (found->datagrams != nullptr) return SendDatagram(sandbox, call, *found->datagrams, request);
  if (request.has_to()) {
    return base::WithField(
        base::MakeError(base::Reason::kInvalidField,
                        "sending to an address: this socket is of a stream, and connected"),
        "to");
  }
  const std::shared_ptr<StreamEnd> end = found->stream;
  const std::shared_ptr<PendingWrite> write = end->Write(request.data());
  AwaitSignal(
      sandbox.loop(), end->changed(), call, deadline, [end, write] { return write->finished; },
      [end, write, call](WaitResult) {
        end->AbandonWrite(write);
        Answer(call, *write);
      });
  return absl::OkStatus();
}

}  // namespace

void HandleSend(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SendRequest& request) {
  const absl::Status started = StartSending(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
