// What an RPC's client gets for an absl::Status: gRPC's own, with an RpcStatus (error.proto) in the trailer
// `grpc-status-details-bin`, which holds code and message again, and the ErrorDetail.
#pragma once

#include "absl/status/status.h"

namespace grpc {
class Status;
}

namespace bpfrig::front {

// Texts are cut if they are too long for HTTP/2 trailers, which clients refuse from 8 KiB on, detail and all.
[[nodiscard]] grpc::Status ToGrpc(const absl::Status& status);

}  // namespace bpfrig::front
