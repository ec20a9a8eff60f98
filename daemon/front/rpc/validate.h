// Holds a request to the rules of its fields before any worker sees it. Errors carry the field's path. What
// depends on the sandbox is the worker's to judge.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>

#include "absl/status/status.h"

namespace bpfrig::front {

// A request, or the first of a client stream.
[[nodiscard]] absl::Status Validate(const google::protobuf::Message& request);
// A later request of a client stream.
[[nodiscard]] absl::Status ValidateNext(const google::protobuf::Message& request);
// The stream ended before its first request.
[[nodiscard]] absl::Status MissingFirst(const char* name);

// The most bytes of an object, as the rules have it.
[[nodiscard]] uint32_t MaxObjectBytes();

}  // namespace bpfrig::front
