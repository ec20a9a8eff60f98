// A .BTF.ext section: which source line and which CO-RE relocation belongs to which instruction of an object.
// libbpf 1.1 reads it, and keeps it to itself. Bounds-checked throughout.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// The source of the instruction at that index in its ELF section, and of those behind it. Texts are places in
// the BTF's strings.
struct LineRecord {
  uint32_t instruction;
  uint32_t file;
  uint32_t text;
  uint32_t line;
  uint32_t column;
};

// A CO-RE relocation of the instruction at that index.
struct RelocationRecord {
  uint32_t instruction;
};

// The records of one ELF section, whose name stands at that place in the BTF's strings.
template <typename Record>
struct RecordsOfSection {
  uint32_t section_name;
  std::vector<Record> records;
};

struct BtfExt {
  // What the section has none of is empty. BAD_OBJECT if it is cut short, or not one. It refers to the
  // object's BTF, which is not looked at.
  [[nodiscard]] static absl::StatusOr<BtfExt> Read(absl::string_view section);

  std::vector<RecordsOfSection<LineRecord>> lines;
  std::vector<RecordsOfSection<RelocationRecord>> relocations;
};

}  // namespace bpfrig::kernel_bpf
