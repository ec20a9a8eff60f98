// The BTF of old maps: what libbpf would have read if they had been declared in SEC(".maps").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/object/legacy_map.h"

namespace bpfrig::kernel_bpf {

// Where libbpf looks for maps.
inline constexpr char kMapsSection[] = ".maps";
// The bytes that each of them takes in the section .maps: a pointer for everything that is said of a map.
inline constexpr uint32_t kMapSlot = 64;

// Where the maps stand that the object has in a section .maps already, and how long that is.
struct ModernMaps {
  std::map<std::string, uint32_t, std::less<>> offsets;
  uint32_t end = 0;
};

// The section .BTF with a data section .maps: those that there are already, and behind them `maps`, one slot
// after the other. `btf` is what CheckBtfSection has passed, or empty. TYPE_MISMATCH if
// BPF_ANNOTATE_KV_PAIR gives a map types of other sizes.
[[nodiscard]] absl::StatusOr<std::string> DeclareMaps(absl::string_view btf, const ModernMaps& modern,
                                                      const std::vector<LegacyMap>& maps);

}  // namespace bpfrig::kernel_bpf
