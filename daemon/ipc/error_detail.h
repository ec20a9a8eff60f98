// Errors on the wire: the detail of an absl::Status (daemon/base/status.h) as bpfrig.v1.ErrorDetail and back,
// and the one table that says which reason is which. Used where a call ends: in the worker, and in the front.
#pragma once

#include "bpfrig/v1/error.pb.h"
#include "daemon/base/status.h"

namespace bpfrig::ipc {

[[nodiscard]] v1::ErrorReason ToProto(base::Reason reason);
// UNSPECIFIED for a number that this build does not know.
[[nodiscard]] base::Reason FromProto(v1::ErrorReason reason);

[[nodiscard]] v1::ErrorDetail ToProto(const base::ErrorDetail& detail);
[[nodiscard]] base::ErrorDetail FromProto(const v1::ErrorDetail& detail);

}  // namespace bpfrig::ipc
