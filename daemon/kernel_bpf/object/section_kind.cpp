#include "daemon/kernel_bpf/object/section_kind.h"

#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

struct NewerSection {
  absl::string_view name;
  enum bpf_prog_type type;
  // Numbers of <linux/bpf.h>, which headers before 6.7 do not have.
  int attach_type;
};

// libbpf 1.1 lacks them all; 1.3 has them.
constexpr NewerSection kNewerSections[] = {
    {"sk_skb/verdict", BPF_PROG_TYPE_SK_SKB, 38},
    {"tcx/ingress", BPF_PROG_TYPE_SCHED_CLS, 46},
    {"tcx/egress", BPF_PROG_TYPE_SCHED_CLS, 47},
    {"cgroup/connect_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 49},
    {"cgroup/sendmsg_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 50},
    {"cgroup/recvmsg_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 51},
    {"cgroup/getpeername_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 52},
    {"cgroup/getsockname_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 53},
};

}  // namespace

std::optional<ProgramKind> KindOfSection(const std::string& section) {
  ProgramKind kind;
  LibbpfOutput output;
  if (libbpf_prog_type_by_name(section.c_str(), &kind.type, &kind.attach_type) >= 0) return kind;
  for (const NewerSection& newer : kNewerSections) {
    if (section == newer.name)
      return ProgramKind{newer.type, static_cast<enum bpf_attach_type>(newer.attach_type)};
  }
  return std::nullopt;
}

}  // namespace bpfrig::kernel_bpf
