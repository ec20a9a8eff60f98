// An object's bytes, whatever they are: our own look at them, before libbpf sees any.
#include <cstdlib>

#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace kernel_bpf = bpfrig::kernel_bpf;
  const absl::string_view elf(reinterpret_cast<const char*>(data), size);
  if (!kernel_bpf::CheckBpfElf(elf).ok()) return 0;
  for (const char* name : {".BTF", ".maps", "license", "", "no such section"}) {
    const absl::StatusOr<absl::string_view> section = kernel_bpf::FindElfSection(elf, name);
    if (!section.ok() || section->empty()) continue;
    if (section->data() < elf.data() || section->data() + section->size() > elf.data() + elf.size()) {
      std::abort();
    }
  }
  (void)kernel_bpf::BtfTypes::FromElf(elf);
  return 0;
}
