// What a daemon says of itself by grpc.health.v1. `bpfrig health` asks.
#pragma once

#include <chrono>
#include <variant>

#include "client/daemon/rpc_error.h"
#include "client/daemon/target.h"

namespace bpfrig::client::daemon {

enum class Health {
  kServing,
  // It is probing its kernel, or shutting down.
  kNotServing,
};

// Asks once.
[[nodiscard]] std::variant<Health, RpcError> CheckHealth(const Connection& connection,
                                                         std::chrono::milliseconds timeout);
// Waits that long for a daemon that serves, also for one that is not there yet; then asks once more, quickly,
// how it is. A refusal ends the wait.
[[nodiscard]] std::variant<Health, RpcError> AwaitServing(const Connection& connection,
                                                          std::chrono::milliseconds timeout);

}  // namespace bpfrig::client::daemon
