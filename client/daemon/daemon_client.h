// The connection to a daemon: the stub, deadlines, and cancelling every call that runs. main makes one;
// sandboxes and their steps call through it from many threads.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "client/daemon/rpc_error.h"
#include "client/daemon/target.h"

namespace bpfrig::client::daemon {

// Lets a call carry the bearer token; empty: none.
void AddToken(grpc::ClientContext& context, const std::string& token);

class DaemonClient {
 public:
  using Stub = bpfrig::v1::BpfRig::Stub;

  explicit DaemonClient(Connection connection);

  // Cancels the calls that are running, and every later one. From any thread.
  void Cancel();
  [[nodiscard]] bool IsCancelled() const;
  // Closes the connection, once there are no calls any more. gRPC rarely reads from a connection without
  // calls, and a daemon that ends would wait for that.
  void Disconnect();

  [[nodiscard]] Stub& stub() { return *stub_; }

  // One unary call, by its descriptor.
  [[nodiscard]] std::optional<RpcError> Call(const google::protobuf::MethodDescriptor& method,
                                             const google::protobuf::Message& request,
                                             google::protobuf::Message& response,
                                             std::chrono::milliseconds timeout);
  // One unary call.
  template <typename Request, typename Response>
  [[nodiscard]] std::optional<RpcError> Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                          const Request&, Response*),
                                             const Request& request, Response& response,
                                             std::chrono::milliseconds timeout);

 private:
  friend class RunningCall;

  std::unique_ptr<Stub> stub_;
  // For calls by their descriptors.
  std::unique_ptr<grpc::GenericStub> generic_;
  const std::string token_;
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::set<grpc::ClientContext*> running_;
};

// The context of one call, which Cancel() reaches for as long as this lives.
class RunningCall {
 public:
  // No timeout: a stream that lives until it is cancelled.
  RunningCall(DaemonClient& client, std::optional<std::chrono::milliseconds> timeout);
  ~RunningCall();
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

  [[nodiscard]] grpc::ClientContext* context() { return &context_; }

 private:
  DaemonClient& client_;
  grpc::ClientContext context_;
};

template <typename Request, typename Response>
std::optional<RpcError> DaemonClient::Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                        Response*),
                                           const Request& request, Response& response,
                                           std::chrono::milliseconds timeout) {
  RunningCall call(*this, timeout);
  return ErrorOf((stub_.get()->*method)(call.context(), request, &response));
}

}  // namespace bpfrig::client::daemon
