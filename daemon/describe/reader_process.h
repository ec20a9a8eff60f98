// A process that does nothing but read one object, so that what libbpf makes of hostile bytes, a crash or an
// endless loop, costs that process and a message.
#pragma once

#include "absl/status/statusor.h"
#include "bpfrig/v1/description.pb.h"
#include "common/fd.h"
#include "daemon/describe/object_description.h"

namespace bpfrig::describe {

// The description of the object behind that descriptor. INVALID_ARGUMENT, with a message that goes on after
// "reading FILE: ", if it is refused, or if reading it crashed or took too long. Call it from a
// single-threaded process.
[[nodiscard]] absl::StatusOr<v1::ObjectDescription> DescribeApart(common::Fd object,
                                                                  const Assumptions& assumptions);

}  // namespace bpfrig::describe
