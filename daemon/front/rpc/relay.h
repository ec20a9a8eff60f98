// What the relays of all RPCs share: which messages an RPC has between front and worker, and what becomes of
// a call before its worker sees it and after it ended. The service holds one RelayEnvironment.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "daemon/front/sandboxes/call_threads.h"
#include "daemon/front/sandboxes/sandbox_registry.h"
#include "daemon/front/sandboxes/worker_call.h"

namespace bpfrig::front {

struct RelayEnvironment {
  SandboxRegistry& registry;
  CallThreads& threads;
  // For calls whose client gave none.
  absl::Duration default_deadline = absl::Seconds(60);
};

// One RPC between front and worker: the generated accessors of its request and its response.
template <class Request, class Response>
struct Route {
  CallTraits traits;
  Request* (internal::v1::CallRequest::*request)();
  Response* (internal::v1::CallReply::*response)();
  bool (internal::v1::CallReply::*has_response)() const;
};

// The client's deadline, or the default one.
[[nodiscard]] absl::Time DeadlineOf(const grpc::CallbackServerContext& context,
                                    const RelayEnvironment& environment);

// A call to that sandbox, unless the request is not `valid` or there is no such sandbox. Does not wait.
[[nodiscard]] absl::StatusOr<std::unique_ptr<WorkerCall>> PrepareCall(
    const RelayEnvironment& environment, const grpc::CallbackServerContext& context, const CallTraits& traits,
    const std::string& sandbox, const absl::Status& valid);

// How the RPC ends for gRPC. Logs what is a bug of ours; the rest is the client's to report.
[[nodiscard]] grpc::Status EndOfCall(const char* name, const absl::Status& status);

}  // namespace bpfrig::front
