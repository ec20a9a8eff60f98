// The kernel counts how often BPF programs run only while somebody asks for it. The supervisor holds the
// descriptor that asks, for itself and all workers, because that takes CAP_SYS_ADMIN.
#pragma once

#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// Counting goes on until the descriptor is closed. Fails before Linux 5.8.
[[nodiscard]] absl::StatusOr<common::Fd> EnableRunStatistics();

}  // namespace bpfrig::kernel_os
