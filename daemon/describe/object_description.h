// Looks into an object with libbpf, as a worker that loads it would, and says what is there. libbpf may crash
// on hostile bytes: only the reader calls this.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"
#include "daemon/kernel_bpf/policy/load_policy.h"

namespace bpfrig::describe {

// BAD_OBJECT, as LoadProgram says it, if it cannot be read. Names are the bytes that they are.
[[nodiscard]] absl::StatusOr<v1::ObjectDescription> DescribeObject(absl::string_view elf,
                                                                   const kernel_bpf::LoadPolicy& policy);

}  // namespace bpfrig::describe
