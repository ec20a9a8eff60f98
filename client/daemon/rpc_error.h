// A call that failed: the RPC's status with the detail that the daemon sends along. Decides what is the rig's
// failure and what the test's.
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
  // All defaults where the error did not come from the daemon.
  bpfrig::v1::ErrorDetail detail;
};

// Nothing where the call succeeded.
[[nodiscard]] std::optional<RpcError> ErrorOf(const grpc::Status& status);

// Whether the rig failed, not what is tested: no answer, a worker or sandbox that is gone, a bug of the
// daemon's.
[[nodiscard]] bool IsRigFailure(const RpcError& error);

// Whether there is no daemon at the other end.
[[nodiscard]] bool IsUnreachable(const RpcError& error);

// "UNKNOWN_NAME: no map km_x; ..."; for errors from elsewhere the canonical code's name.
[[nodiscard]] std::string Describe(const RpcError& error);

}  // namespace bpfrig::client::daemon
