// What a process can learn of and set in the network namespace that it is in. Used by the worker.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bpfrig::kernel_os {

// The namespace's cookie, as BPF programs see it. UNIMPLEMENTED before Linux 5.14.
[[nodiscard]] absl::StatusOr<uint64_t> NetnsCookie();

// Lets everybody in the namespace bind ports from `port` on; 0 for all. Takes CAP_NET_ADMIN in the namespace,
// and a /proc/sys that is not mounted read-only; without it, ports below 1024 take CAP_NET_BIND_SERVICE.
[[nodiscard]] absl::Status SetUnprivilegedPortStart(uint16_t port);

}  // namespace bpfrig::kernel_os
