// Objects whose maps are declared as before BTF, whatever they say: what is made of them must be an object
// again, with types that hang together.
#include <cstdlib>

#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "daemon/kernel_bpf/object/legacy_maps.h"
#include "daemon/kernel_bpf/object/opened_object.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace kernel_bpf = bpfrig::kernel_bpf;
  const absl::string_view elf(reinterpret_cast<const char*>(data), size);
  if (!kernel_bpf::OpenedObject::CheckBytes(elf).ok()) return 0;
  const absl::StatusOr<std::optional<kernel_bpf::ModernObject>> modern = kernel_bpf::ModerniseMaps(elf);
  if (!modern.ok() || !modern->has_value()) return 0;
  if (!kernel_bpf::OpenedObject::CheckBytes((*modern)->elf).ok()) std::abort();
  const absl::StatusOr<kernel_bpf::BtfTypes> types = kernel_bpf::BtfTypes::FromElf((*modern)->elf);
  if (!types.ok() || !types->types().Find(".maps").ok()) std::abort();
  // There is nothing more to be done.
  const absl::StatusOr<std::optional<kernel_bpf::ModernObject>> again =
      kernel_bpf::ModerniseMaps((*modern)->elf);
  if (!again.ok() || again->has_value()) std::abort();
  return 0;
}
