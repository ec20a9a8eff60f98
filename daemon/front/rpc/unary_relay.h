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
  // Runs `work` on a thread, and ends the RPC with what it returns. `cancel` is called from another thread
  // where the client goes away meanwhile, and is to make `work` return soon.
  [[nodiscard]] static grpc::ServerUnaryReactor* Start(CallThreads& threads, const char* name,
                                                       std::function<absl::Status()> work,
                                                       std::function<void()> cancel);

  void OnCancel() override { cancel_(); }
  void OnDone() override { delete this; }

 private:
  UnaryWork(const char* name, std::function<absl::Status()> work, std::function<void()> cancel)
      : name_(name), work_(std::move(work)), cancel_(std::move(cancel)) {}

  const char* const name_;
  const std::function<absl::Status()> work_;
  const std::function<void()> cancel_;
};

// Ends an RPC that cannot even begin.
[[nodiscard]] grpc::ServerUnaryReactor* RefuseUnary(grpc::CallbackServerContext& context, const char* name,
                                                    const absl::Status& status);

// Passes the request on; LoadProgram's object goes as a file.
[[nodiscard]] absl::Status CallWorker(WorkerCall& call, internal::v1::CallRequest& request,
                                      internal::v1::CallReply& reply);

template <class Request, class Response>
grpc::ServerUnaryReactor* RelayUnary(const RelayEnvironment& environment,
                                     grpc::CallbackServerContext& context,
                                     const Route<Request, Response>& route, const Request* request,
                                     Response* response) {
  const char* const name = route.traits.name;
  auto prepared = PrepareCall(environment, context, route.traits, request->sandbox(), Validate(*request));
  if (!prepared.ok()) return RefuseUnary(context, name, prepared.status());
  const std::shared_ptr<WorkerCall> call = *std::move(prepared);
  auto work = [call, route, request, response, name]() -> absl::Status {
    internal::v1::CallRequest call_request;
    *(call_request.*route.request)() = *request;
    internal::v1::CallReply reply;
    BPFRIG_RETURN_IF_ERROR(CallWorker(*call, call_request, reply));
    if (!(reply.*route.has_response)()) return WrongReply(name);
    response->Swap((reply.*route.response)());
    return absl::OkStatus();
  };
  return UnaryWork::Start(environment.threads, name, std::move(work), [call] { call->Cancel(); });
}

}  // namespace bpfrig::front
