#include "daemon/front/rpc/unary_relay.h"

namespace bpfrig::front {

grpc::ServerUnaryReactor* UnaryWork::Start(CallThreads& threads, absl::string_view name, Admission admission,
                                           std::function<absl::Status()> work, std::function<void()> cancel) {
  auto* reactor = new UnaryWork(name, std::move(admission), std::move(work), std::move(cancel));
  const absl::Status started = threads.Start([reactor] { reactor->End(reactor->work_()); });
  if (!started.ok()) reactor->End(started);
  return reactor;
}

void UnaryWork::End(const absl::Status& status) {
  admission_ = Admission();
  Finish(EndOfCall(name_, status));
}

grpc::ServerUnaryReactor* EndUnary(grpc::CallbackServerContext& context, absl::string_view name,
                                   const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(EndOfCall(name, status));
  return reactor;
}

}  // namespace bpfrig::front
