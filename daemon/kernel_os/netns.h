// What a process can learn of the network namespace that it is in. Used by the worker.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bpfrig::kernel_os {

// The namespace's cookie, as BPF programs see it. UNIMPLEMENTED before Linux 5.14.
[[nodiscard]] absl::StatusOr<uint64_t> NetnsCookie();

// Whether there can be IPv6 sockets. UNIMPLEMENTED if the kernel has no IPv6, or has it switched off.
[[nodiscard]] absl::Status TryIpv6();

}  // namespace bpfrig::kernel_os
