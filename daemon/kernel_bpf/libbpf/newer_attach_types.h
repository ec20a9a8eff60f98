// Values of enum bpf_attach_type by the names that <linux/bpf.h> gives them, which the headers of Debian 12
// (6.1) do not have.
#pragma once

#include <linux/bpf.h>

namespace bpfrig::kernel_bpf {

// Since 6.6.
inline constexpr auto kTcxIngress = static_cast<enum bpf_attach_type>(46);
inline constexpr auto kTcxEgress = static_cast<enum bpf_attach_type>(47);
// Since 6.7.
inline constexpr auto kUnixConnect = static_cast<enum bpf_attach_type>(49);
inline constexpr auto kUnixSendmsg = static_cast<enum bpf_attach_type>(50);
inline constexpr auto kUnixRecvmsg = static_cast<enum bpf_attach_type>(51);
inline constexpr auto kUnixGetpeername = static_cast<enum bpf_attach_type>(52);
inline constexpr auto kUnixGetsockname = static_cast<enum bpf_attach_type>(53);

}  // namespace bpfrig::kernel_bpf
