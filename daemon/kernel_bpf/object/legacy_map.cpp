#include "daemon/kernel_bpf/object/legacy_map.h"

#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/elf_symbols.h"
#include "daemon/kernel_bpf/object/map_name.h"

namespace bpfrig::kernel_bpf {
namespace {

// More than any object has; each becomes some types.
constexpr size_t kMostMaps = 4096;
// type, key_size, value_size and max_entries; map_flags came later.
constexpr size_t kLeastSize = 4 * sizeof(uint32_t);
constexpr size_t kFlagsEnd = 5 * sizeof(uint32_t);
// With id and pinning (Aya's bpf_map_def, too), and with inner_id and inner_idx.
constexpr size_t kOldIprouteSize = 7 * sizeof(uint32_t);
constexpr size_t kIprouteSize = 9 * sizeof(uint32_t);
// iproute2's PIN_OBJECT_NS and PIN_GLOBAL_NS.
constexpr uint32_t kMostPinning = 2;

absl::Status Bad(absl::string_view name, absl::string_view section, absl::string_view why) {
  return base::WithHint(
      base::MakeError(base::Reason::kBadObject,
                      absl::StrCat("map \"", name, "\" in section ", section, " ", why)),
      "a map there is a global `struct bpf_map_def` {type, key_size, value_size, max_entries, map_flags}, "
      "or iproute2's `struct bpf_elf_map`; or declare it in SEC(\".maps\")");
}

// Where a symbol says that a map is.
struct Place {
  size_t section = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  size_t symbol = 0;
};

std::vector<Place> PlacesOfMaps(const ElfImage& image, const ElfSymbols& symbols) {
  std::vector<Place> places;
  for (size_t i = 0; i < symbols.size(); ++i) {
    const Elf64_Sym& symbol = symbols[i];
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    if (type != STT_OBJECT && (type != STT_NOTYPE || symbols.Name(i).empty())) continue;
    if (symbol.st_shndx >= image.size() || !IsLegacyMapSection(image.Name(symbol.st_shndx))) continue;
    places.push_back({symbol.st_shndx, symbol.st_value, symbol.st_size, i});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair(a.section, a.offset) < std::pair(b.section, b.offset);
  });
  return places;
}

// A definition's words, zero behind its end.
std::array<uint32_t, kIprouteSize / sizeof(uint32_t)> WordsOf(absl::string_view definition) {
  std::array<uint32_t, kIprouteSize / sizeof(uint32_t)> words{};
  std::memcpy(words.data(), definition.data(), std::min(definition.size(), sizeof(words)));
  return words;
}

absl::StatusOr<LegacyMap> ReadDefinition(std::string name, absl::string_view section,
                                         absl::string_view definition) {
  if (!IsMapName(name)) return Bad(name, section, "has a name of other characters than [A-Za-z0-9_.]");
  if (definition.size() < kLeastSize) {
    return Bad(name, section,
               absl::StrCat("has ", definition.size(), " bytes, and a definition at least ", kLeastSize));
  }
  const auto words = WordsOf(definition);
  LegacyMap map;
  map.name = std::move(name);
  map.type = words[0];
  map.key_size = words[1];
  map.value_size = words[2];
  map.max_entries = words[3];
  map.flags = words[4];
  if (map.type == 0) return Bad(map.name, section, "has no type");
  if (definition.size() == kOldIprouteSize || definition.size() == kIprouteSize) {
    map.id = words[5];
    map.inner_id = words[7];
    map.inner_index = words[8];
    map.is_pinned = words[6] != 0;
    if (words[6] > kMostPinning) {
      return Bad(map.name, section,
                 absl::StrCat("has ", words[6], " for its pinning, and only 0, 1 and 2 are known"));
    }
    return map;
  }
  const absl::string_view rest = definition.substr(std::min(definition.size(), kFlagsEnd));
  if (rest.find_first_not_of('\0') != absl::string_view::npos) {
    return Bad(map.name, section,
               absl::StrCat("has a definition of ", definition.size(),
                            " bytes, which no known loader has, and more in it than sizes and flags"));
  }
  return map;
}

// A static map has no symbol that programs refer to it by: they say how far behind the section's start it is,
// and libbpf would take the first map for it.
absl::Status CheckReferences(const ElfImage& image, const ElfSymbols& symbols) {
  size_t left = image.file_size();
  for (size_t i = 0; i < image.size(); ++i) {
    const Elf64_Shdr& header = image.Header(i);
    if (header.sh_type != SHT_REL || header.sh_info >= image.size()) continue;
    if ((image.Header(header.sh_info).sh_flags & SHF_EXECINSTR) == 0) continue;
    const absl::string_view bytes = image.Bytes(i);
    // Thousands of sections may claim the same bytes.
    if (bytes.size() > left) {
      return base::MakeError(base::Reason::kBadObject, "the ELF object's relocations overlap");
    }
    left -= bytes.size();
    for (size_t at = 0; at + sizeof(Elf64_Rel) <= bytes.size(); at += sizeof(Elf64_Rel)) {
      Elf64_Rel relocation;
      std::memcpy(&relocation, bytes.data() + at, sizeof(relocation));
      const size_t number = ELF64_R_SYM(relocation.r_info);
      if (number >= symbols.size()) continue;
      const Elf64_Sym& symbol = symbols[number];
      if (ELF64_ST_TYPE(symbol.st_info) != STT_SECTION || symbol.st_shndx >= image.size()) continue;
      if (!IsLegacyMapSection(image.Name(symbol.st_shndx))) continue;
      return base::WithHint(
          base::MakeError(base::Reason::kBadObject,
                          absl::StrCat("a program in section ", image.Name(header.sh_info),
                                       " uses a static map of section ", image.Name(symbol.st_shndx))),
          "define the maps without `static`: only a global one has a name that programs refer to");
    }
  }
  return absl::OkStatus();
}

// A section with bytes and without a name for any of them.
absl::Status CheckNames(const ElfImage& image) {
  for (size_t i = 0; i < image.size(); ++i) {
    if (!IsLegacyMapSection(image.Name(i)) || image.Header(i).sh_size == 0) continue;
    return Bad("", image.Name(i), "has no symbol");
  }
  return absl::OkStatus();
}

}  // namespace

bool IsMapOfMaps(const LegacyMap& map) {
  return map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map.type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

bool IsLegacyMapSection(absl::string_view name) { return name == "maps" || absl::StartsWith(name, "maps/"); }

absl::StatusOr<std::vector<LegacyMap>> ReadLegacyMaps(const ElfImage& image) {
  BPFRIG_ASSIGN_OR_RETURN(const ElfSymbols symbols, ElfSymbols::Read(image));
  const std::vector<Place> places = PlacesOfMaps(image, symbols);
  if (places.empty()) BPFRIG_RETURN_IF_ERROR(CheckNames(image));
  if (places.size() > kMostMaps) {
    return base::MakeError(
        base::Reason::kBadObject,
        absl::StrCat("the object has ", places.size(), " maps in sections called maps, and at most ",
                     kMostMaps, " are read"));
  }
  std::vector<LegacyMap> maps;
  for (size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    const absl::string_view section = image.Name(place.section);
    const absl::string_view bytes = image.Bytes(place.section);
    std::string name(symbols.Name(place.symbol));
    const bool has_next = i + 1 < places.size() && places[i + 1].section == place.section;
    const uint64_t end = has_next ? places[i + 1].offset : bytes.size();
    if (place.offset > bytes.size() || end > bytes.size()) return Bad(name, section, "lies outside of it");
    const uint64_t size = place.size == 0 ? end - place.offset : place.size;
    if (size > end - place.offset) {
      return Bad(name, section, has_next ? "reaches into the next one" : "lies outside of it");
    }
    BPFRIG_ASSIGN_OR_RETURN(LegacyMap map,
                            ReadDefinition(std::move(name), section, bytes.substr(place.offset, size)));
    map.symbol = place.symbol;
    maps.push_back(std::move(map));
  }
  BPFRIG_RETURN_IF_ERROR(CheckReferences(image, symbols));
  return maps;
}

}  // namespace bpfrig::kernel_bpf
