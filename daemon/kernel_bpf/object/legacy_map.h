// Maps as objects defined them before BTF did: in sections called "maps" or "maps/NAME", by a struct
// bpf_map_def (libbpf before 1.0, gobpf, Aya) or iproute2's struct bpf_elf_map. legacy_maps.h makes of them
// what libbpf takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/object/elf_image.h"

namespace bpfrig::kernel_bpf {

struct LegacyMap {
  std::string name;
  // The number of its symbol.
  size_t symbol = 0;
  uint32_t type = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t flags = 0;
  // iproute2's alone: what other maps call this one by, and the inner map of a map of maps; 0 is none.
  uint32_t id = 0;
  uint32_t inner_id = 0;
  // And the slot of that map of maps which this one goes into.
  uint32_t inner_index = 0;
  // Whether objects share it by its name.
  bool is_pinned = false;
};

[[nodiscard]] bool IsMapOfMaps(const LegacyMap& map);

[[nodiscard]] bool IsLegacyMapSection(absl::string_view name);

// All of a file's that has such a section, in the order of their places. BAD_OBJECT if a definition
// is not one, or lies outside of its section.
[[nodiscard]] absl::StatusOr<std::vector<LegacyMap>> ReadLegacyMaps(const ElfImage& image);

}  // namespace bpfrig::kernel_bpf
