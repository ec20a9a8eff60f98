// What the process that reads an object gives up before it does. libbpf and libelf are not made for hostile
// input.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace bpfrig::describe {

// Processor time that a reader may take; SIGXCPU ends it.
inline constexpr uint64_t kReaderSeconds = 3;
// Memory that it may have.
inline constexpr uint64_t kReaderBytes = uint64_t{1} << 30;

// For the calling process, for good: its user if that is root, every capability, the network if it may leave
// it, files, processes and signals. What is left is memory, time within the limits, and its open descriptors.
[[nodiscard]] absl::Status Confine();

}  // namespace bpfrig::describe
