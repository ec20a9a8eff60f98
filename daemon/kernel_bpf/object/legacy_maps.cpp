#include "daemon/kernel_bpf/object/legacy_maps.h"

#include <elf.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/elf_image.h"
#include "daemon/kernel_bpf/object/elf_symbols.h"
#include "daemon/kernel_bpf/object/legacy_map.h"
#include "daemon/kernel_bpf/object/legacy_map_types.h"

namespace bpfrig::kernel_bpf {
namespace {

// Libbpf passes over sections of names that it does not know.
constexpr char kOldSection[] = "bpfrig.old_maps";

// Whether sections can be added, and none that will be changed has the names of all.
absl::Status CheckSections(const ElfImage& image) {
  if (image.size() + 2 >= SHN_LORESERVE) {
    return base::MakeError(base::Reason::kBadObject,
                           absl::StrCat("the ELF object has ", image.size(), " sections"));
  }
  const absl::string_view name = image.Name(image.Names());
  if (image.Header(image.Names()).sh_type == SHT_STRTAB && name != kMapsSection && name != ".BTF") {
    return absl::OkStatus();
  }
  return base::MakeError(base::Reason::kBadObject,
                         absl::StrCat("the ELF object's section ", name, " has the names of sections"));
}

ModernMaps FindModernMaps(const ElfSymbols& symbols, size_t section, size_t size) {
  ModernMaps modern;
  modern.end = static_cast<uint32_t>((size + 7) / 8 * 8);
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (symbols[i].st_shndx != section || ELF64_ST_TYPE(symbols[i].st_info) == STT_SECTION) continue;
    modern.offsets.emplace(symbols.Name(i), static_cast<uint32_t>(symbols[i].st_value));
  }
  return modern;
}

void SetOrAdd(ElfImage& image, std::optional<size_t> section, absl::string_view name, std::string bytes) {
  if (section) {
    image.SetBytes(*section, std::move(bytes));
  } else {
    image.Add(name, std::move(bytes));
  }
}

}  // namespace

absl::StatusOr<std::optional<ModernObject>> ModerniseMaps(absl::string_view elf) {
  BPFRIG_ASSIGN_OR_RETURN(ElfImage image, ElfImage::Read(elf));
  std::vector<size_t> old_sections;
  for (size_t i = 0; i < image.size(); ++i) {
    if (IsLegacyMapSection(image.Name(i))) old_sections.push_back(i);
  }
  if (old_sections.empty()) return std::optional<ModernObject>();
  BPFRIG_RETURN_IF_ERROR(CheckSections(image));
  BPFRIG_ASSIGN_OR_RETURN(std::vector<LegacyMap> maps, ReadLegacyMaps(image));
  BPFRIG_ASSIGN_OR_RETURN(ElfSymbols symbols, ElfSymbols::Read(image));

  ModernMaps modern;
  const std::optional<size_t> found = image.Find(kMapsSection);
  const size_t section = found.value_or(image.size());
  std::string bytes;
  if (found) {
    bytes = std::string(image.Bytes(section));
    modern = FindModernMaps(symbols, section, bytes.size());
  }
  const std::optional<size_t> btf = image.Find(".BTF");
  BPFRIG_ASSIGN_OR_RETURN(std::string types, DeclareMaps(btf ? image.Bytes(*btf) : "", modern, maps));

  bytes.resize(modern.end + maps.size() * kMapSlot);
  SetOrAdd(image, found, kMapsSection, std::move(bytes));
  SetOrAdd(image, btf, ".BTF", std::move(types));
  for (size_t i = 0; i < maps.size(); ++i) {
    Elf64_Sym& symbol = symbols[maps[i].symbol];
    symbol.st_shndx = static_cast<uint16_t>(section);
    symbol.st_value = modern.end + i * kMapSlot;
    symbol.st_size = kMapSlot;
  }
  symbols.Store(image);
  for (const size_t old : old_sections) image.Rename(old, kOldSection);
  return std::optional<ModernObject>(ModernObject{image.Write(), std::move(maps)});
}

}  // namespace bpfrig::kernel_bpf
