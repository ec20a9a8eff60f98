// What the relays of all RPCs share: what becomes of a call before its worker sees it and after it ended. The
// service holds one RelayEnvironment.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/front/sandboxes/call_threads.h"
#include "daemon/front/sandboxes/sandbox_registry.h"
#include "daemon/front/sandboxes/shares.h"
#include "daemon/front/sandboxes/worker_call.h"

namespace bpfrig::front {

// What there is only so much of.
struct CallerShares {
  Shares& sandboxes;
  Shares& calls;
  // In bytes.
  Shares& requests;
};

struct RelayEnvironment {
  SandboxRegistry& registry;
  CallThreads& threads;
  CallerShares shares;
  // Who makes a call, as it is counted for and as refusals call it: "user 1000". LIMIT_REACHED if its
  // connection is one too many.
  std::function<absl::StatusOr<std::string>(const grpc::CallbackServerContext&)> caller_of;
  // Is told of each message that a call sent, and its size.
  std::function<void(const grpc::CallbackServerContext&, uint64_t)> arrived;
  // For calls whose client gave none.
  absl::Duration default_deadline = absl::Seconds(60);
};

// The client's deadline, or the default one.
[[nodiscard]] absl::Time DeadlineOf(const grpc::CallbackServerContext& context,
                                    const RelayEnvironment& environment);

// What a call under way takes of what its caller may have. To be given back before the call is answered: the
// answer's reader may make the next.
struct Admission {
  Share call;
  Share request;
};

// LIMIT_REACHED if the caller has too much under way.
[[nodiscard]] absl::StatusOr<Admission> Admit(const RelayEnvironment& environment,
                                              const grpc::CallbackServerContext& context,
                                              const google::protobuf::Message& request);

// The request's call to that sandbox, unless it is not `valid` or there is no such sandbox. Does not wait.
[[nodiscard]] absl::StatusOr<std::unique_ptr<WorkerCall>> PrepareCall(
    const RelayEnvironment& environment, const grpc::CallbackServerContext& context,
    const google::protobuf::Message& request, const std::string& sandbox, const absl::Status& valid,
    Admission& admission);

// What gRPC's buffer holds, for calls whose messages pass as bytes. INVALID_FIELD if it is none of those.
[[nodiscard]] absl::Status Parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);
[[nodiscard]] grpc::ByteBuffer ToBuffer(absl::string_view bytes);

// The name of the call that has such requests. It lives as long as the program.
template <class Request>
[[nodiscard]] const std::string& NameOfCall() {
  return rules::TraitsOf(*Request::descriptor()).name;
}

// How the RPC ends for gRPC. Logs what is a bug of ours; the rest is the client's to report.
[[nodiscard]] grpc::Status EndOfCall(absl::string_view name, const absl::Status& status);

}  // namespace bpfrig::front
