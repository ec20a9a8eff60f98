// A call that failed: the RPC's status with the detail that the daemon sends along. Decides whether the rig
// failed or the test.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>

#include "bpfrig/v1/error.pb.h"

namespace bpfrig::client::daemon {

struct RpcError {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  // One sentence.
  std::string message;
  // All defaults if the error did not come from the daemon.
  bpfrig::v1::ErrorDetail detail;
};

// In a plan's words; nothing if the call succeeded.
[[nodiscard]] std::optional<RpcError> ErrorOf(const grpc::Status& status);

// Whether the rig failed, not the test: no answer, a worker or sandbox that is gone, a bug in the daemon.
[[nodiscard]] bool IsRigFailure(const RpcError& error);

// Whether there is no daemon at the other end.
[[nodiscard]] bool IsUnreachable(const RpcError& error);

// "UNKNOWN_NAME: no map km_x; ..."; for errors from elsewhere the canonical code's name.
[[nodiscard]] std::string Describe(const RpcError& error);

}  // namespace bpfrig::client::daemon
