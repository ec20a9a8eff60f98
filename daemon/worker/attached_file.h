// The other end of the front's sealed memfd: a field of a request that comes as a file beside it.
#pragma once

#include "absl/status/status.h"
#include "daemon/worker/call/call.h"
#include "google/protobuf/message.h"

namespace bpfrig::worker {

// Reads the file that came with the call, if one did, into that field of the request.
[[nodiscard]] absl::Status ReadAttachedFile(Call& call, const google::protobuf::FieldDescriptor& field,
                                            google::protobuf::Message& request);

}  // namespace bpfrig::worker
