#include "bench/bare_map.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "bench/check.h"

namespace bpfrig::bench {
namespace {

constexpr uint32_t kBatch = 4096;

using Key = std::array<uint32_t, 3>;

}  // namespace

BareMap::BareMap(uint32_t entries) : entries_(entries) {
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_NO_PREALLOC;
  map_ = ::bpf_map_create(BPF_MAP_TYPE_HASH, "bench", sizeof(Key), sizeof(uint32_t), entries, &options);
  Check(map_ >= 0, "making a map");
}

BareMap::~BareMap() { ::close(map_); }

void BareMap::Seed() const {
  std::vector<Key> keys(kBatch);
  std::vector<uint32_t> values(kBatch);
  for (uint32_t first = 0; first < entries_; first += kBatch) {
    uint32_t count = std::min(kBatch, entries_ - first);
    for (uint32_t i = 0; i < count; ++i) {
      const EndpointEntry entry = EndpointEntry::Of(first + i);
      keys[i] = {entry.service_id, entry.prio, entry.backend_index};
      values[i] = entry.backend_uid;
    }
    Check(::bpf_map_update_batch(map_, keys.data(), values.data(), &count, nullptr) == 0, "filling a map");
  }
}

void BareMap::Dump() const {
  std::vector<Key> keys(kBatch);
  std::vector<uint32_t> values(kBatch);
  uint32_t found = 0;
  uint32_t position = 0;
  for (bool is_first = true;; is_first = false) {
    uint32_t count = kBatch;
    const int status = ::bpf_map_lookup_batch(map_, is_first ? nullptr : &position, &position, keys.data(),
                                              values.data(), &count, nullptr);
    Check(status == 0 || errno == ENOENT, "reading a map");
    found += count;
    if (status != 0) break;
  }
  Check(found == entries_, "reading all of a map");
}

}  // namespace bpfrig::bench
