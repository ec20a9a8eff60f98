// Which context a test run gives to programs of a type, as a struct of the kernel's own BTF, so that a caller
// can name its fields. RunProgram asks.
#pragma once

#include <cstdint>
#include <string>

namespace bpfrig::kernel_bpf {

struct RunContextType {
  uint32_t program_type;  // a bpf_prog_type
  // "__sk_buff".
  const char* name;
  // What the kernel takes of it from a test run; other fields must be zero.
  const char* taken;
};

// Null if programs of that type have no context that a test run takes.
[[nodiscard]] const RunContextType* FindRunContext(uint32_t program_type);
// The names of the program types that have one, as libbpf has them: "sched_cls, xdp, ...".
[[nodiscard]] std::string ProgramTypesWithContext();

}  // namespace bpfrig::kernel_bpf
