// The cookie of this process's network namespace, where only programs are told it: SO_NETNS_COOKIE came with
// Linux 5.14, bpf_get_netns_cookie with 5.7.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace bpfrig::kernel_bpf {

// Attaches a program to `cgroup`, which this process is in, and makes a socket for it to look at. UNSUPPORTED
// if this kernel has no such helper.
[[nodiscard]] absl::StatusOr<uint64_t> NetnsCookieByProgram(int cgroup);

}  // namespace bpfrig::kernel_bpf
