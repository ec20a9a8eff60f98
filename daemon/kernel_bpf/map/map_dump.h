// Reading map entries: one key, or all of them in chunks, so that the worker can return to its loop between
// two of them. DumpMap uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/map/entry_block.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/map/map_write.h"

namespace bpfrig::kernel_bpf {

// More gain nothing.
inline constexpr uint32_t kDumpChunk = 4096;
// The most memory for one block, so that wide values do not take a gigabyte.
inline constexpr size_t kMaxBlockBytes = size_t{16} << 20;

struct MapEntry {
  // Empty for keyless maps.
  std::string key;
  // For a per-CPU map, the first CPU's. For a sockmap or sockhash the cookie, or empty if the kernel does not
  // tell it (value_size 4).
  std::string value;
  // For a per-CPU map, every possible CPU's; otherwise empty.
  std::vector<std::string> cpu_values;
};

// One entry of a block that MapDump read.
[[nodiscard]] MapEntry EntryAt(const Map& map, const EntryBlock& block, uint32_t index);

// Whether the kernel tells no values of the map: one of sockets whose values have no room for a cookie.
[[nodiscard]] bool TellsNoValues(const Map& map);

// Reads one key; nothing if it is not in the map. `key` must have the map's key_size (TYPE_MISMATCH). For a
// sockhash with value_size 4 this walks its keys, because the kernel's lookup tells nothing.
[[nodiscard]] absl::StatusOr<std::optional<MapEntry>> LookupMap(const Map& map, absl::string_view key);

// Whether a bloom filter tells to have the value, of value_size bytes. It may tell so of one that it was not
// given, never the opposite.
[[nodiscard]] absl::StatusOr<bool> MayContain(const Map& map, absl::string_view value);

// A walk over all entries of one map.
class MapDump {
 public:
  // UNSUPPORTED if the map's type cannot be walked, or not in this mode; INVALID_FIELD for a queue or stack
  // without `consume`. With `consume`, entries are deleted as they are read. Borrows the map. A block has at
  // most `block_bytes` bytes, unless the kernel must give more at once, or a single entry has more.
  [[nodiscard]] static absl::StatusOr<MapDump> Start(const Map& map, BatchMode mode, bool consume,
                                                     size_t block_bytes = kMaxBlockBytes);

  // Up to about kDumpChunk further entries, none only at the end.
  [[nodiscard]] absl::StatusOr<EntryBlock> Next();

  // Whether the kernel's batch operations are used.
  [[nodiscard]] bool batched() const { return batched_; }
  // Whether the walk was given up after twice the map's size, because the map kept changing.
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  explicit MapDump(const Map& map) : map_(&map) {}
  [[nodiscard]] absl::StatusOr<EntryBlock> NextBatch();
  [[nodiscard]] absl::StatusOr<EntryBlock> NextElements();
  [[nodiscard]] absl::StatusOr<EntryBlock> NextConsumed();
  [[nodiscard]] absl::StatusOr<EntryBlock> NextPopped();
  [[nodiscard]] bool GiveUp();

  const Map* map_;  // borrowed
  bool forced_batch_ = false;
  bool batched_ = false;
  bool consume_ = false;
  bool done_ = false;
  bool truncated_ = false;
  uint64_t visited_ = 0;
  uint32_t chunk_ = kDumpChunk;  // grows if a hash bucket holds more
  bool started_ = false;
  std::string cursor_;  // the last key, or the kernel's batch cursor
};

}  // namespace bpfrig::kernel_bpf
