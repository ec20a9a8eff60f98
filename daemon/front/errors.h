// The one place where errors change their form: a worker's CallFinished into an absl::Status, and an
// absl::Status into what gRPC sends, with the ErrorDetail in the trailer `grpc-status-details-bin`.
#pragma once

#include "absl/status/status.h"
#include "bpfrig/internal/v1/worker.pb.h"

namespace grpc {
class Status;
}

namespace bpfrig::front {

// How the worker says that the call ended.
[[nodiscard]] absl::Status FromFinished(const internal::v1::CallFinished& finished);

// What the client gets. Texts are cut where they are too long for HTTP/2 trailers, which clients refuse from
// 8 KiB on, detail and all.
[[nodiscard]] grpc::Status ToGrpc(const absl::Status& status);

}  // namespace bpfrig::front
