#include "daemon/front/rpc/unary_relay.h"

namespace bpfrig::front {

grpc::ServerUnaryReactor* UnaryWork::Start(CallThreads& threads, absl::string_view name,
                                           std::function<absl::Status()> work, std::function<void()> cancel) {
  auto* reactor = new UnaryWork(name, std::move(work), std::move(cancel));
  // Once it is finished it may be gone: nothing of it is touched after.
  const absl::Status started =
      threads.Start([reactor] { reactor->Finish(EndOfCall(reactor->name_, reactor->work_())); });
  if (!started.ok()) reactor->Finish(EndOfCall(name, started));
  return reactor;
}

grpc::ServerUnaryReactor* RefuseUnary(grpc::CallbackServerContext& context, absl::string_view name,
                                      const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(EndOfCall(name, status));
  return reactor;
}

}  // namespace bpfrig::front
