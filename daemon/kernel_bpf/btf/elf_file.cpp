#include "daemon/kernel_bpf/btf/elf_file.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kCompileHint[] = "compile it with clang -target bpf -O2 -g -c";

absl::Status Bad(absl::string_view message) {
  return base::WithHint(base::MakeError(base::Reason::kBadObject, message), kCompileHint);
}

// A struct out of the file, by copy, for the bytes need not be aligned.
template <typename T>
std::optional<T> ReadAt(absl::string_view elf, uint64_t offset) {
  if (offset > elf.size() || elf.size() - offset < sizeof(T)) return std::nullopt;
  T result;
  std::memcpy(&result, elf.data() + offset, sizeof(T));
  return result;
}

std::string MachineName(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "arm64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "RISC-V";
    default:
      return absl::StrCat("machine ", machine);
  }
}

std::optional<absl::string_view> SectionBytes(absl::string_view elf, const Elf64_Shdr& section) {
  if (section.sh_type == SHT_NOBITS) return absl::string_view();
  if (section.sh_offset > elf.size() || section.sh_size > elf.size() - section.sh_offset) return std::nullopt;
  return elf.substr(section.sh_offset, section.sh_size);
}

}  // namespace

absl::Status CheckBpfElf(absl::string_view elf) {
  if (elf.empty()) return Bad("the object is empty");
  if (elf.size() < SELFMAG || std::memcmp(elf.data(), ELFMAG, SELFMAG) != 0) {
    return Bad("the object is not an ELF object");
  }
  std::optional<Elf64_Ehdr> header = ReadAt<Elf64_Ehdr>(elf, 0);
  if (!header) return Bad(absl::StrCat("the ELF object is cut short at ", elf.size(), " bytes"));
  if (header->e_ident[EI_CLASS] != ELFCLASS64) return Bad("a 32-bit ELF object, not one for BPF");
  if (header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return Bad("a big-endian ELF object, on a little-endian machine");
  }
  if (header->e_machine != EM_BPF) {
    return Bad(absl::StrCat("an ELF object for ", MachineName(header->e_machine), ", not for BPF"));
  }
  if (header->e_type != ET_REL) return Bad("an ELF file that is not a relocatable object");
  return absl::OkStatus();
}

absl::string_view ElfName(absl::string_view names, size_t place) {
  const absl::string_view name = names.substr(std::min(place, names.size()), kMaxElfName);
  return name.substr(0, name.find('\0'));
}

absl::StatusOr<std::vector<ElfSection>> ElfSections(absl::string_view elf) {
  std::optional<Elf64_Ehdr> header = ReadAt<Elf64_Ehdr>(elf, 0);
  if (!header) return Bad("the ELF object is cut short");
  auto header_at = [&](uint64_t index) {
    return ReadAt<Elf64_Shdr>(elf, header->e_shoff + index * sizeof(Elf64_Shdr));
  };
  if (header->e_shoff > elf.size() || header->e_shentsize != sizeof(Elf64_Shdr)) {
    return Bad("the ELF object's section table is broken");
  }
  // With more than 65279 sections ELF keeps their number elsewhere; then nothing here would be found.
  if (header->e_shnum == 0) return Bad("the ELF object has no sections, or too many");
  std::optional<Elf64_Shdr> names_header = header_at(header->e_shstrndx);
  std::optional<absl::string_view> names;
  if (names_header && header->e_shstrndx < header->e_shnum) names = SectionBytes(elf, *names_header);
  if (!names) return Bad("the ELF object's section names are broken");
  std::vector<ElfSection> sections;
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    std::optional<Elf64_Shdr> section = header_at(i);
    if (!section) return Bad("the ELF object's section table is cut short");
    sections.push_back({*section, ElfName(*names, section->sh_name), SectionBytes(elf, *section)});
  }
  return sections;
}

absl::StatusOr<absl::string_view> FindElfSection(absl::string_view elf, absl::string_view name) {
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<ElfSection> sections, ElfSections(elf));
  std::optional<absl::string_view> result;
  for (const ElfSection& section : sections) {
    if (section.name.empty() || section.name != name) continue;
    if (!section.bytes) return Bad(absl::StrCat("the ELF object's section ", name, " is cut short"));
    // Libbpf takes the last one, and would read what nobody has looked at.
    if (result) return Bad(absl::StrCat("the ELF object has two sections called ", name));
    result = section.bytes;
  }
  return result.value_or(absl::string_view());
}

}  // namespace bpfrig::kernel_bpf
