// Unary RPCs: UnaryWork runs one on a call thread, RelayUnary is one that the sandbox's worker answers.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/front/rpc/relay.h"
#include "daemon/front/rpc/validate.h"

namespace bpfrig::front {

// Owns itself, as gRPC's reactors do, until OnDone.
class UnaryWork final : public grpc::ServerUnaryReactor {
 public:
  // Runs `work` on a thread, and ends the RPC with what it returns. `cancel` is called from another thread if
  // the client goes away meanwhile, and is to make `work` return soon. `name` outlives the RPC.
  [[nodiscard]] static grpc::ServerUnaryReactor* Start(CallThreads& threads, absl::string_view name,
                                                       Admission admission,
                                                       std::function<absl::Status()> work,
                                                       std::function<void()> cancel);

  void OnCancel() override { cancel_(); }
  void OnDone() override { delete this; }

 private:
  UnaryWork(absl::string_view name, Admission admission, std::function<absl::Status()> work,
            std::function<void()> cancel)
      : name_(name), admission_(std::move(admission)), work_(std::move(work)), cancel_(std::move(cancel)) {}
  // Ends the RPC, after which this may be gone.
  void End(const absl::Status& status);

  const absl::string_view name_;
  Admission admission_;
  const std::function<absl::Status()> work_;
  const std::function<void()> cancel_;
};

// Ends an RPC at once: one that cannot even begin, or has its answer.
[[nodiscard]] grpc::ServerUnaryReactor* EndUnary(grpc::CallbackServerContext& context, absl::string_view name,
                                                 const absl::Status& status);

template <class Request, class Response>
grpc::ServerUnaryReactor* RelayUnary(const RelayEnvironment& environment,
                                     grpc::CallbackServerContext& context, const Request* request,
                                     Response* response) {
  const std::string& name = NameOfCall<Request>();
  Admission admission;
  auto prepared =
      PrepareCall(environment, context, *request, request->sandbox(), Validate(*request), admission);
  if (!prepared.ok()) return EndUnary(context, name, prepared.status());
  const std::shared_ptr<WorkerCall> call = *std::move(prepared);
  auto work = [call, request, response] { return CallOnce(*call, *request, *response); };
  return UnaryWork::Start(environment.threads, name, std::move(admission), std::move(work),
                          [call] { call->Cancel(); });
}

}  // namespace bpfrig::front
