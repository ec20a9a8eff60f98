// Program types. Allowed is what is called for a socket, a packet or the sandbox's own cgroup.
#include <bpf/libbpf.h>

#include "absl/strings/str_cat.h"
#include "daemon/kernel_bpf/policy/list.h"

namespace bpfrig::kernel_bpf {
namespace {

// Newer than the libbpf of Debian 12.
constexpr uint32_t kNetfilter = 32;

LoadList ListProgramTypes() {
  LoadList list{LoadKind::kProgramType, "program-type", "program type", {}};
  list.groups = {
      {true,
       "it decides about sockets and packets of the cgroup that it is attached to, the sandbox's own",
       {"cgroup_skb", "cgroup_sock", "cgroup_sock_addr", "cgroup_sockopt", "sock_ops"}},
      {true,
       "it is asked only about what processes of the sandbox's own cgroup do, and can but refuse or change "
       "that",
       {"cgroup_device", "cgroup_sysctl"}},
      {true,
       "it sees the packets of sockets in a map or in the sandbox's network namespace",
       {"sk_msg", "sk_skb", "sk_lookup", "sk_reuseport", "socket_filter", "flow_dissector"}},
      {true,
       "it sees the packets of an interface of the sandbox's network namespace, or of a test run",
       {"sched_cls", "sched_act", "xdp", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"}},
      {false,
       "it becomes a part of the kernel for the whole machine, and stays when its process is gone",
       {"struct_ops"}},
      {false, "it makes bpf() calls of its own, which no list sees", {"syscall"}},
      {false,
       "it is called for what any process of the machine does",
       {"kprobe", "tracepoint", "raw_tracepoint", "raw_tracepoint_writable", "tracing", "perf_event"}},
      {false, "it decides about what any process of the machine may do", {"lsm"}},
      {false, "it takes the place of a part of another program, after that was judged", {"ext"}},
      {false, "it can drop packets before tests see them, and no call of the rig attaches it", {"netfilter"}},
      {false, "it reads a device of the machine", {"lirc_mode2"}},
  };
  return list;
}

}  // namespace

const LoadList& ProgramTypeList() {
  static const auto* list = new LoadList(ListProgramTypes());
  return *list;
}

std::string ProgramTypeNameOf(uint32_t type) {
  const char* name = libbpf_bpf_prog_type_str(static_cast<enum bpf_prog_type>(type));
  if (name != nullptr) return name;
  return type == kNetfilter ? "netfilter" : absl::StrCat(type);
}

}  // namespace bpfrig::kernel_bpf
