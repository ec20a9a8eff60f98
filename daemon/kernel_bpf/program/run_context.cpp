#include "daemon/kernel_bpf/program/run_context.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_join.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kOfPackets[] =
    "mark, priority, ifindex, ingress_ifindex, cb, tstamp, wire_len, gso_segs, gso_size and hwtstamp";

// Seen on Linux 6.18 (net/bpf/test_run.c).
constexpr std::array kContexts = {
    RunContextType{BPF_PROG_TYPE_SOCKET_FILTER, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_SCHED_CLS, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_SCHED_ACT, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_CGROUP_SKB, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_LWT_IN, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_LWT_OUT, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_LWT_XMIT, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_LWT_SEG6LOCAL, "__sk_buff", kOfPackets},
    RunContextType{BPF_PROG_TYPE_XDP, "xdp_md",
                   "data (how many bytes before the packet are metadata), data_end (the size of both), and "
                   "ingress_ifindex with rx_queue_index of an interface that has such a queue"},
    RunContextType{BPF_PROG_TYPE_SK_LOOKUP, "bpf_sk_lookup",
                   "family, protocol, local_port, remote_port and the addresses; a run of it has no data"},
    RunContextType{BPF_PROG_TYPE_FLOW_DISSECTOR, "bpf_flow_keys", "flags"},
};

}  // namespace

const RunContextType* FindRunContext(uint32_t program_type) {
  const auto* found = std::find_if(kContexts.begin(), kContexts.end(), [&](const RunContextType& context) {
    return context.program_type == program_type;
  });
  return found == kContexts.end() ? nullptr : found;
}

std::string ProgramTypesWithContext() {
  std::vector<std::string> names;
  for (const RunContextType& context : kContexts) {
    names.emplace_back(libbpf_bpf_prog_type_str(static_cast<enum bpf_prog_type>(context.program_type)));
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace bpfrig::kernel_bpf
