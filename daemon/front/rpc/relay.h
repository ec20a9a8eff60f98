// What the relays of all RPCs share: what becomes of a call before its worker sees it and after it ended. The
// service holds one RelayEnvironment.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
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

// The client's deadline, or the default one.
[[nodiscard]] absl::Time DeadlineOf(const grpc::CallbackServerContext& context,
                                    const RelayEnvironment& environment);

// The request's call to that sandbox, unless it is not `valid` or there is no such sandbox. Does not wait.
[[nodiscard]] absl::StatusOr<std::unique_ptr<WorkerCall>> PrepareCall(
    const RelayEnvironment& environment, const grpc::CallbackServerContext& context,
    const google::protobuf::Message& request, const std::string& sandbox, const absl::Status& valid);

// The name of the call that has such requests. It lives as long as the program.
template <class Request>
[[nodiscard]] const std::string& NameOfCall() {
  return rules::TraitsOf(*Request::descriptor()).name;
}

// How the RPC ends for gRPC. Logs what is a bug of ours; the rest is the client's to report.
[[nodiscard]] grpc::Status EndOfCall(absl::string_view name, const absl::Status& status);

}  // namespace bpfrig::front
