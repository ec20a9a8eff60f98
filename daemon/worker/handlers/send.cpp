// Send: bytes from either end of a kept connection.
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {
namespace {

void Answer(const CallPtr& call, const PendingWrite& write) {
  Call::Reply reply;
  reply.mutable_send()->set_sent(write.sent);
  if (write.error != 0) reply.mutable_send()->set_errno_name(common::ErrnoName(write.error));
  call->FinishWith(absl::OkStatus(), reply);
}

absl::Status StartSending(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::SendRequest& request) {
  const Clock::time_point deadline = DeadlineOf(request.timeout_ms());
  const absl::StatusOr<std::shared_ptr<DataSocket>> found = sandbox.traffic().FindEnd(request.from());
  if (!found.ok()) return base::WithField(found.status(), "from");
  const std::shared_ptr<DataSocket> end = *found;
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
