// What the name of a section says of the programs in it.
#pragma once

#include <bpf/libbpf.h>

#include <optional>
#include <string>

namespace bpfrig::kernel_bpf {

struct ProgramKind {
  enum bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
  enum bpf_attach_type attach_type = BPF_CGROUP_INET_INGRESS;
};

// As libbpf reads it; or, of a section that this libbpf is too old for, as later ones do. Nothing for a name
// that tells neither.
[[nodiscard]] std::optional<ProgramKind> KindOfSection(const std::string& section);

}  // namespace bpfrig::kernel_bpf
