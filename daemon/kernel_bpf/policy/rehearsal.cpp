#include "daemon/kernel_bpf/policy/rehearsal.h"

#include <bpf/libbpf.h>

#include "absl/strings/match.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

// Libbpf relocates all programs and then loads one after the other. It complains of a program without a type
// before it makes a call, so if that is what it says, all are relocated and none was loaded.
bool CameToLoading(const LibbpfOutput& output) {
  return absl::StrContains(output.text(), "missing BPF prog type") ||
         !output.NameBefore("prog", "load failed").empty();
}

}  // namespace

// Why a rehearsal: libbpf's hook before each load (libbpf_register_prog_handler) goes by section names, is
// lost when a program's type is set, and takes the place of libbpf's own, which sets flags. Reading symbols
// and relocations ourselves would trust that libbpf reads a hostile file as we do. And to look after loading
// is too late: libbpf puts programs into a shared program array at once, if others jump to them.
//
// Without maps nothing of this object could act even if it were loaded. A load from the same bytes then gives
// the same instructions, as the kernel's own BTF stays what it is: modules', which can come and go, a worker
// cannot list.
Rehearsed Rehearse(struct bpf_object* object) {
  struct bpf_map* map = nullptr;
  while ((map = bpf_object__next_map(object, map)) != nullptr) (void)bpf_map__set_autocreate(map, false);
  struct bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(object, program)) != nullptr) {
    // Libbpf 1.1.2 crashes on a struct_ops map without a program of that type. If the operator allows these,
    // they may well be loaded here, and are gone with the object.
    if (bpf_program__type(program) == BPF_PROG_TYPE_STRUCT_OPS) continue;
    (void)bpf_program__set_type(program, BPF_PROG_TYPE_UNSPEC);
  }
  LibbpfOutput output;
  const int error = bpf_object__load(object);
  if (error == 0 || CameToLoading(output)) return {};
  return {error, output.text()};
}

}  // namespace bpfrig::kernel_bpf
