// The bytes of an object, from a descriptor, as many as a daemon takes.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::describe {

// What the protocol says of LoadProgram's object.
[[nodiscard]] uint64_t MaxObjectBytes();

// All that is there. INVALID_ARGUMENT if it is too much.
[[nodiscard]] absl::StatusOr<std::string> ReadObject(int fd);

}  // namespace bpfrig::describe
