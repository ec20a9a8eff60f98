#include "daemon/kernel_bpf/btf/debug_sections.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/elf_file.h"

namespace bpfrig::kernel_bpf {
namespace {

// All that says what a type is. clang writes relocations against these as REL, with the addends in place, and
// for sections that begin at 0: they are read right without any.
constexpr const char* kSections[] = {".debug_info", ".debug_abbrev", ".debug_str", ".debug_str_offsets",
                                     ".debug_line_str"};
constexpr size_t kMostBytes = size_t{16} << 20;
constexpr size_t kMostInfoBytes = size_t{4} << 20;

// libdw looks through a unit's declarations of abbreviations for each code, and through a declaration's
// attributes for each entry.
constexpr size_t kMostAbbreviationBytes = size_t{1} << 18;
constexpr size_t kMostAttributes = 32;
constexpr uint64_t kImplicitConstant = 0x21;  // DW_FORM_implicit_const

using Section = std::pair<std::string, absl::string_view>;

absl::Status TooMuch(absl::string_view what) {
  return base::MakeError(base::Reason::kLimitReached,
                         absl::StrCat("the object's DWARF has ", what, " than are read"));
}

// The number at the start of `bytes`, which loses it; nothing if it does not end.
std::optional<uint64_t> TakeUleb(absl::string_view& bytes) {
  uint64_t number = 0;
  for (unsigned shift = 0; !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift < 64) number |= uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) return number;
  }
  return std::nullopt;
}

// Declarations one after the other: code, tag, whether there are children, and attributes until two zeroes.
absl::Status CheckAbbreviations(absl::string_view bytes) {
  if (bytes.size() > kMostAbbreviationBytes) return TooMuch("more abbreviations");
  while (!bytes.empty()) {
    const std::optional<uint64_t> code = TakeUleb(bytes);
    if (!code || *code == 0) continue;
    if (!TakeUleb(bytes) || bytes.empty()) return absl::OkStatus();
    bytes.remove_prefix(1);
    for (size_t attributes = 0;; ++attributes) {
      if (attributes > kMostAttributes) return TooMuch("more attributes in an abbreviation");
      const std::optional<uint64_t> name = TakeUleb(bytes);
      const std::optional<uint64_t> form = TakeUleb(bytes);
      if (!name || !form) return absl::OkStatus();
      if (*form == kImplicitConstant && !TakeUleb(bytes)) return absl::OkStatus();
      if (*name == 0 && *form == 0) break;
    }
  }
  return absl::OkStatus();
}

template <typename T>
void AppendStruct(const T& value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

Elf64_Shdr HeaderOf(uint32_t name, uint32_t type, uint64_t offset, uint64_t size) {
  Elf64_Shdr header{};
  header.sh_name = name;
  header.sh_type = type;
  header.sh_offset = offset;
  header.sh_size = size;
  header.sh_addralign = 1;
  return header;
}

// The file's header, the sections' bytes and names, and their headers.
std::string MakeElf(const std::vector<Section>& sections) {
  std::string names(1, '\0');
  std::string bytes;
  std::vector<Elf64_Shdr> headers = {Elf64_Shdr{}};
  for (const Section& section : sections) {
    headers.push_back(HeaderOf(static_cast<uint32_t>(names.size()), SHT_PROGBITS,
                               sizeof(Elf64_Ehdr) + bytes.size(), section.second.size()));
    names.append(section.first).push_back('\0');
    bytes.append(section.second.data(), section.second.size());
  }
  const auto own_name = static_cast<uint32_t>(names.size());
  names.append(".shstrtab").push_back('\0');
  headers.push_back(HeaderOf(own_name, SHT_STRTAB, sizeof(Elf64_Ehdr) + bytes.size(), names.size()));
  bytes.append(names);
  // libelf wants the headers where it can read them as they are.
  bytes.resize((bytes.size() + alignof(Elf64_Shdr) - 1) / alignof(Elf64_Shdr) * alignof(Elf64_Shdr));

  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_REL;
  file.e_machine = EM_BPF;
  file.e_version = EV_CURRENT;
  file.e_shoff = sizeof(Elf64_Ehdr) + bytes.size();
  file.e_ehsize = sizeof(Elf64_Ehdr);
  file.e_shentsize = sizeof(Elf64_Shdr);
  file.e_shnum = static_cast<uint16_t>(headers.size());
  file.e_shstrndx = static_cast<uint16_t>(headers.size() - 1);
  std::string elf;
  AppendStruct(file, elf);
  elf.append(bytes);
  for (const Elf64_Shdr& header : headers) AppendStruct(header, elf);
  return elf;
}

bool IsCompressed(const std::vector<ElfSection>& sections, absl::string_view name) {
  return std::any_of(sections.begin(), sections.end(), [&](const ElfSection& section) {
    return section.name == name && (section.header.sh_flags & SHF_COMPRESSED) != 0;
  });
}

}  // namespace

absl::StatusOr<std::string> DebugSections(absl::string_view elf) {
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<ElfSection> all, ElfSections(elf));
  std::vector<Section> sections;
  size_t total = 0;
  for (const char* name : kSections) {
    BPFRIG_ASSIGN_OR_RETURN(const absl::string_view section, FindElfSection(elf, name));
    BPFRIG_ASSIGN_OR_RETURN(const absl::string_view addends,
                            FindElfSection(elf, absl::StrCat(".rela", name)));
    if (IsCompressed(all, name) || !addends.empty()) {
      return base::MakeError(base::Reason::kUnsupported,
                             absl::StrCat("the object's ", name, " is compressed, or not relocated yet"));
    }
    if (section.empty()) continue;
    total += section.size();
    sections.emplace_back(name, section);
  }
  if (sections.empty() || sections.front().first != kSections[0]) return std::string();
  if (total > kMostBytes || sections.front().second.size() > kMostInfoBytes) return TooMuch("more bytes");
  for (const Section& section : sections) {
    if (section.first == ".debug_abbrev") BPFRIG_RETURN_IF_ERROR(CheckAbbreviations(section.second));
  }
  return MakeElf(sections);
}

}  // namespace bpfrig::kernel_bpf
