#include "daemon/front/rpc/unary_relay.h"

#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/front/sandboxes/sealed_memfd.h"

namespace bpfrig::front {

grpc::ServerUnaryReactor* UnaryWork::Start(CallThreads& threads, const char* name,
                                           std::function<absl::Status()> work, std::function<void()> cancel) {
  auto* reactor = new UnaryWork(name, std::move(work), std::move(cancel));
  // Once it is finished it may be gone: nothing of it is touched after.
  const absl::Status started =
      threads.Start([reactor] { reactor->Finish(EndOfCall(reactor->name_, reactor->work_())); });
  if (!started.ok()) reactor->Finish(EndOfCall(name, started));
  return reactor;
}

grpc::ServerUnaryReactor* RefuseUnary(grpc::CallbackServerContext& context, const char* name,
                                      const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(EndOfCall(name, status));
  return reactor;
}

absl::Status CallWorker(WorkerCall& call, internal::v1::CallRequest& request,
                        internal::v1::CallReply& reply) {
  common::Fd object;
  if (request.has_load_program()) {
    BPFRIG_ASSIGN_OR_RETURN(object, MakeSealedMemfd(request.load_program().object()));
    request.mutable_load_program()->clear_object();
  }
  return CallOnce(call, request, object.Get(), reply);
}

}  // namespace bpfrig::front
