#include "daemon/kernel_bpf/map/entry_block.h"

#include <cstring>

namespace bpfrig::kernel_bpf {

size_t BlockKeySize(const Map& map) { return map.IsKeyless() ? 0 : map.info().key_size; }

size_t PackedValueSize(const Map& map) { return size_t{map.info().value_size} * map.values_per_key(); }

void RemovePadding(const Map& map, EntryBlock& block) {
  if (PackedValueSize(map) == map.lookup_size()) return;
  const size_t value_size = map.info().value_size;
  const size_t stride = map.lookup_size() / map.values_per_key();
  const size_t count = block.values.size() / stride;
  char* const bytes = block.values.data();
  for (size_t i = 1; i < count; ++i) std::memmove(bytes + i * value_size, bytes + i * stride, value_size);
  block.values.resize(count * value_size);
}

std::string WithPadding(const Map& map, absl::string_view packed_values) {
  const size_t value_size = map.info().value_size;
  const size_t stride = map.lookup_size() / map.values_per_key();
  const size_t count = packed_values.size() / value_size;
  std::string padded(count * stride, '\0');
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(padded.data() + i * stride, packed_values.data() + i * value_size, value_size);
  }
  return padded;
}

}  // namespace bpfrig::kernel_bpf
