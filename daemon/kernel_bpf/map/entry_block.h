// EntryBlock: some entries of one map, as the kernel's batch operations take and give them. MapDump reads
// them; packed answers are these bytes, and packed requests too (WritePacked).
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/map/map.h"

namespace bpfrig::kernel_bpf {

// Bytes of one entry's key in a block: none for keyless maps.
[[nodiscard]] size_t BlockKeySize(const Map& map);

struct EntryBlock {
  uint32_t count = 0;
  // BlockKeySize() each.
  std::string keys;
  // lookup_size() each: for a per-CPU map all CPUs' values, each padded to eight bytes. Empty if the kernel
  // tells no values.
  std::string values;
};

// Bytes of one entry's values without the padding.
[[nodiscard]] size_t PackedValueSize(const Map& map);
// Takes the padding between the CPUs' values out.
void RemovePadding(const Map& map, EntryBlock& block);
// Values without padding, with it.
[[nodiscard]] std::string WithPadding(const Map& map, absl::string_view packed_values);

}  // namespace bpfrig::kernel_bpf
