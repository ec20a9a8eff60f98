#include "daemon/kernel_bpf/object/elf_image.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

// ELF's structs, and BTF, want no more.
constexpr size_t kAlignment = 8;

Elf64_Ehdr HeaderOf(absl::string_view elf) {
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof(header));
  return header;
}

void Align(std::string& bytes) { bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment); }

}  // namespace

absl::StatusOr<ElfImage> ElfImage::Read(absl::string_view elf) {
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<ElfSection> found, ElfSections(elf));
  std::vector<Section> sections;
  const size_t end_of_names = found[HeaderOf(elf).e_shstrndx].header.sh_size;
  for (const ElfSection& section : found) {
    // It would get one of those that are added.
    if (section.header.sh_name != 0 && section.header.sh_name >= end_of_names) {
      return base::MakeError(base::Reason::kBadObject,
                             absl::StrCat("section ", sections.size(), " of the ELF object has no name"));
    }
    sections.push_back({section.header, std::string(section.name),
                        section.bytes.value_or(absl::string_view()), std::nullopt});
  }
  return ElfImage(elf, std::move(sections));
}

absl::string_view ElfImage::Bytes(size_t section) const {
  const Section& wanted = sections_[section];
  return wanted.changed ? absl::string_view(*wanted.changed) : wanted.bytes;
}

std::optional<size_t> ElfImage::Find(absl::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const Section& section) { return section.name == name; });
  if (found == sections_.end()) return std::nullopt;
  return static_cast<size_t>(found - sections_.begin());
}

size_t ElfImage::Names() const { return HeaderOf(elf_).e_shstrndx; }

// Compilers keep the names of sections and of symbols in one section, so names are added, and none is
// changed.
uint32_t ElfImage::AddName(absl::string_view name) {
  Section& names = sections_[Names()];
  // A file may have thousands of sections to rename, and a long section of names.
  if (!names.changed) names.changed = std::string(names.bytes);
  // The last name may have no end.
  names.changed->push_back('\0');
  const auto place = static_cast<uint32_t>(names.changed->size());
  names.changed->append(name.data(), name.size()).push_back('\0');
  return place;
}

void ElfImage::Rename(size_t section, absl::string_view name) {
  sections_[section].header.sh_name = AddName(name);
  sections_[section].name = std::string(name);
}

void ElfImage::SetBytes(size_t section, std::string bytes) {
  Section& changed = sections_[section];
  if (changed.header.sh_type == SHT_NOBITS) changed.header.sh_type = SHT_PROGBITS;
  changed.changed = std::move(bytes);
}

size_t ElfImage::Add(absl::string_view name, std::string bytes) {
  Elf64_Shdr header{};
  header.sh_type = SHT_PROGBITS;
  header.sh_addralign = kAlignment;
  header.sh_name = AddName(name);
  sections_.push_back({header, std::string(name), absl::string_view(), std::move(bytes)});
  return sections_.size() - 1;
}

std::string ElfImage::Write() const {
  std::string image(elf_);
  std::string table;
  for (const Section& section : sections_) {
    Elf64_Shdr header = section.header;
    if (section.changed) {
      Align(image);
      header.sh_offset = image.size();
      header.sh_size = section.changed->size();
      image.append(*section.changed);
    }
    table.append(reinterpret_cast<const char*>(&header), sizeof(header));
  }
  Align(image);
  Elf64_Ehdr header = HeaderOf(elf_);
  header.e_shoff = image.size();
  header.e_shnum = static_cast<uint16_t>(sections_.size());
  std::memcpy(image.data(), &header, sizeof(header));
  return image + table;
}

}  // namespace bpfrig::kernel_bpf
