// Writing map entries: with the kernel's batch operations if the map's type has them, otherwise element by
// element, entry by entry or packed. SeedMap and the globals of a loaded object go through here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/map/map.h"

namespace bpfrig::kernel_bpf {

enum class BatchMode {
  // Batches if the map's type has them.
  kAuto,
  // Batches, or UNSUPPORTED.
  kBatch,
  kElement,
};

struct MapChange {
  // Empty for keyless maps, otherwise key_size bytes.
  std::string key;
  // value_size bytes; for a per-CPU map written to every CPU. Empty with `cpu_values` or `remove`.
  std::string value;
  // For a per-CPU map: one for each possible CPU, or empty.
  std::vector<std::string> cpu_values;
  // Deletes the key instead.
  bool remove = false;
};

// How far a write came, even if it failed.
struct WriteProgress {
  uint64_t written = 0;
  uint64_t deleted = 0;
  // Whether the kernel's batch operations did any of it.
  bool batched = false;
  // After an error: the index in `changes` of the one that failed.
  size_t failed_at = 0;
};

// Makes the changes in order, adding to `progress`. Sizes that do not fit are TYPE_MISMATCH, before anything
// is written; what the kernel refuses is KERNEL_REFUSED with the map as its object.
[[nodiscard]] absl::Status WriteMap(const Map& map, absl::Span<const MapChange> changes, BatchMode mode,
                                    WriteProgress& progress);

// Entries as bytes: all keys one after the other, and all values without padding, those of every CPU of an
// entry for a per-CPU map.
struct PackedEntries {
  uint32_t count = 0;
  absl::string_view keys;
  absl::string_view values;
};

// Whether the entries can be written. Sizes that do not fit are TYPE_MISMATCH with the field `keys` or
// `values`; maps whose keys or values are descriptors of the writer's are UNSUPPORTED.
[[nodiscard]] absl::Status CheckPacked(const Map& map, const PackedEntries& entries);

// Writes entries that CheckPacked found right. Errors are WriteMap's.
[[nodiscard]] absl::Status WritePacked(const Map& map, const PackedEntries& entries, BatchMode mode,
                                       WriteProgress& progress);

}  // namespace bpfrig::kernel_bpf
