#include "client/daemon/health.h"

#include <grpcpp/client_context.h>

#include <memory>
#include <optional>

#include "client/daemon/daemon_client.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace bpfrig::client::daemon {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using Deadline = std::chrono::system_clock::time_point;

constexpr std::chrono::milliseconds kLastWordTimeout(2000);

// Whether it may be different in a moment: nobody is there, or a daemon is just leaving.
bool MayPass(const RpcError& error) {
  return IsUnreachable(error) || error.code == grpc::StatusCode::CANCELLED;
}

// Watches until the daemon serves or the stream ends, and returns why it ended.
std::optional<RpcError> Watch(const Connection& connection, Deadline deadline, bool& serving) {
  grpc::ClientContext context;
  AddToken(context, connection.token);
  context.set_deadline(deadline);
  context.set_wait_for_ready(true);
  const auto stub = grpc::health::v1::Health::NewStub(connection.channel);
  const auto reader = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  while (reader->Read(&response)) {
    serving = response.status() == HealthCheckResponse::SERVING;
    if (serving) context.TryCancel();
  }
  return ErrorOf(reader->Finish());
}

}  // namespace

std::variant<Health, RpcError> CheckHealth(const Connection& connection, std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  AddToken(context, connection.token);
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  const auto stub = grpc::health::v1::Health::NewStub(connection.channel);
  HealthCheckResponse response;
  if (auto error = ErrorOf(stub->Check(&context, HealthCheckRequest(), &response))) return *std::move(error);
  return response.status() == HealthCheckResponse::SERVING ? Health::kServing : Health::kNotServing;
}

std::variant<Health, RpcError> AwaitServing(const Connection& connection, std::chrono::milliseconds timeout) {
  const Deadline deadline = std::chrono::system_clock::now() + timeout;
  while (std::chrono::system_clock::now() < deadline) {
    bool serving = false;
    std::optional<RpcError> error = Watch(connection, deadline, serving);
    if (serving) return Health::kServing;
    if (error && !MayPass(*error)) return *std::move(error);
  }
  return CheckHealth(connection, kLastWordTimeout);
}

}  // namespace bpfrig::client::daemon
