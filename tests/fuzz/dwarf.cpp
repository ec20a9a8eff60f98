// An object's DWARF, whatever it says: read as types, and these used.
#include <bpf/btf.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/debug_sections.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/dwarf_to_btf.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "tests/fuzz/input.h"

namespace bpfrig::fuzz {
namespace {

constexpr uint32_t kMostTypes = 64;
constexpr size_t kMostBytes = 4096;

void UseType(kernel_bpf::TypeRef type) {
  (void)kernel_bpf::TypeName(type);
  const absl::StatusOr<size_t> size = kernel_bpf::SizeOf(type);
  if (!size.ok() || *size > kMostBytes) return;
  // Longer by what a flexible array may take.
  const std::string memory(*size + 16, '\x5a');
  const absl::StatusOr<kernel_bpf::Value> value = kernel_bpf::Decode(type, memory);
  if (!value.ok()) return;
  const absl::StatusOr<kernel_bpf::Encoded> encoded = kernel_bpf::Encode(type, *value);
  if (!encoded.ok()) return;
  // A text in a flexible array is written with its end.
  if (encoded->bytes.size() < *size || encoded->bytes.size() > memory.size() + 1) std::abort();
  for (size_t i = 0; i < std::min(encoded->bytes.size(), memory.size()); ++i) {
    if (((encoded->bytes[i] ^ memory[i]) & encoded->mask[i]) != 0) std::abort();
  }
}

}  // namespace
}  // namespace bpfrig::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace kernel_bpf = bpfrig::kernel_bpf;
  const absl::string_view elf(reinterpret_cast<const char*>(data), size);
  if (!kernel_bpf::CheckBpfElf(elf).ok()) return 0;
  const absl::StatusOr<std::string> sections = kernel_bpf::DebugSections(elf);
  if (!sections.ok() || sections->empty()) return 0;
  const absl::StatusOr<kernel_bpf::BtfTypes> types = kernel_bpf::DwarfToBtf(*sections);
  if (!types.ok()) return 0;
  const struct btf* const btf = types->types().get();
  for (uint32_t id = 1; id < btf__type_cnt(btf) && id <= bpfrig::fuzz::kMostTypes; ++id) {
    bpfrig::fuzz::UseType({btf, id});
  }
  return 0;
}
