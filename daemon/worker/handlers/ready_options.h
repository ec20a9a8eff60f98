// The options that a request sets on a socket while it is made.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/objects/value_proto.h"
#include "daemon/worker/traffic/open_socket.h"

namespace bpfrig::worker {

// Errors have the path of the field: "options[0].level".
[[nodiscard]] absl::StatusOr<std::vector<ReadyOption>> ResolveOptions(
    const google::protobuf::RepeatedPtrField<bpfrig::v1::SocketOption>& options, const ValueResolver& values);

}  // namespace bpfrig::worker
