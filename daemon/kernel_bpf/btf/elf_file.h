// A first look at an ELF file's bytes, before libelf and libbpf see them: whether it is a BPF object at all
// (if not, the error says what it is), and where a section's bytes are. Bounds-checked throughout.
#pragma once

#include <elf.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// BAD_OBJECT unless `elf` is a little-endian 64-bit relocatable ELF file for BPF.
[[nodiscard]] absl::Status CheckBpfElf(absl::string_view elf);

// A line of the section table. Borrows from the file.
struct ElfSection {
  Elf64_Shdr header;
  // Empty if it lies outside of the names. What is longer than any name is cut.
  absl::string_view name;
  // Absent if they lie outside of the file.
  std::optional<absl::string_view> bytes;
};

// The name that begins there, of a section or a symbol: empty if that is behind the end. A file may have
// thousands of names without an end, so what is longer than kMaxElfName is cut.
inline constexpr size_t kMaxElfName = 1024;
[[nodiscard]] absl::string_view ElfName(absl::string_view names, size_t place);

// All sections, by their numbers, of a file that CheckBpfElf has passed. BAD_OBJECT if the table is broken.
[[nodiscard]] absl::StatusOr<std::vector<ElfSection>> ElfSections(absl::string_view elf);

// The bytes of the section of that name, within `elf`, which CheckBpfElf has passed; empty if there is none.
// BAD_OBJECT if the section table is broken, or two are called so.
[[nodiscard]] absl::StatusOr<absl::string_view> FindElfSection(absl::string_view elf, absl::string_view name);
// The same, with its flags.
[[nodiscard]] absl::StatusOr<ElfSection> FindElfSectionWithFlags(absl::string_view elf,
                                                                 absl::string_view name);

}  // namespace bpfrig::kernel_bpf
