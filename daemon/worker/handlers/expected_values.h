// Values that a caller expects of what a call reads: encoded as the kernel would have them, and decoded again
// as the call decodes what it read. ReadEvents, RunProgram and GetSocketOption share it; DumpMap's values are
// a map's.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/value.pb.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/worker/objects/value_proto.h"

namespace bpfrig::worker {

// By `type`; without one a value is bytes, or says nothing. Errors have the path within the value.
[[nodiscard]] absl::Status ResolvePattern(const ValueResolver& values,
                                          const std::optional<kernel_bpf::TypeRef>& type,
                                          const bpfrig::v1::Value& pattern,
                                          bpfrig::v1::ResolvedValue& resolved);
// All of the request's field. Errors have the path of that: "patterns[0].port".
[[nodiscard]] absl::Status ResolvePatterns(
    const ValueResolver& values, const std::optional<kernel_bpf::TypeRef>& type,
    const google::protobuf::RepeatedPtrField<bpfrig::v1::Value>& patterns,
    google::protobuf::RepeatedPtrField<bpfrig::v1::ResolvedValue>& resolved,
    absl::string_view field = "patterns");

}  // namespace bpfrig::worker
