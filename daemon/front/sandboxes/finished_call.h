// How a worker says that a call ended, as an absl::Status. WorkerCall calls it with the last reply.
#pragma once

#include "absl/status/status.h"
#include "bpfrig/internal/v1/worker.pb.h"

namespace bpfrig::front {

[[nodiscard]] absl::Status FromFinished(const internal::v1::CallFinished& finished);

}  // namespace bpfrig::front
