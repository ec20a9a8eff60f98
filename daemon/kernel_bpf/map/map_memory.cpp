#include "daemon/kernel_bpf/map/map_memory.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <limits>

#include "daemon/kernel_bpf/map/map.h"

namespace bpfrig::kernel_bpf {
namespace {

// Sizes of the kernel's own structures are those of 64-bit Linux 6.18; older ones differ by a few bytes.
constexpr uint64_t kMapItself = 1024;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kPointer = 8;
constexpr uint64_t kBucket = 16;
constexpr uint64_t kHashEntry = 48;      // htab_elem, bpf_shtab_elem
constexpr uint64_t kAllocatorLink = 8;   // of entries that are allocated one by one
constexpr uint64_t kTrieNode = 32;       // lpm_trie_node
constexpr uint64_t kStackBucket = 24;    // stack_map_bucket
constexpr uint64_t kDevice = 192;        // bpf_dtab_netdev
constexpr uint64_t kStorageEntry = 128;  // bpf_local_storage_elem and its owner's list
constexpr uint64_t kBloomHashes = 5;     // if map_extra does not say
constexpr uint64_t kRingPages = 4;       // the ring's own, and the two positions

// Sums and products that stay at the highest number: 2^32 entries of 2^32 bytes for 2^12 CPUs are too many.
uint64_t Add(uint64_t left, uint64_t right) {
  uint64_t sum = 0;
  return __builtin_add_overflow(left, right, &sum) ? std::numeric_limits<uint64_t>::max() : sum;
}

uint64_t Multiply(uint64_t left, uint64_t right) {
  uint64_t product = 0;
  return __builtin_mul_overflow(left, right, &product) ? std::numeric_limits<uint64_t>::max() : product;
}

uint64_t RoundUp(uint64_t bytes, uint64_t to) { return (bytes + to - 1) / to * to; }

uint64_t PowerOfTwo(uint64_t number) {
  uint64_t power = 1;
  while (power < number) power *= 2;
  return power;
}

// What entries are found by.
uint64_t Buckets(uint64_t entries) { return PowerOfTwo(entries) * kBucket; }

uint64_t Hash(const MapShape& shape, uint64_t key, uint64_t value, uint64_t cpus, bool per_cpu, bool lru) {
  uint64_t entry = kHashEntry + key + (per_cpu ? kPointer : value);
  uint64_t entries = shape.max_entries;
  if ((shape.flags & BPF_F_NO_PREALLOC) != 0) {
    entry += kAllocatorLink;
  } else if (!per_cpu || lru) {
    entries += cpus;  // one to spare for each, or rounded up to as many for each
  }
  if (per_cpu) entry = Add(entry, Multiply(value, cpus));
  return Add(Buckets(shape.max_entries), Multiply(entries, entry));
}

uint64_t Array(const MapShape& shape, uint64_t value) {
  const uint64_t bytes = Multiply(shape.max_entries, value);
  if ((shape.flags & BPF_F_MMAPABLE) == 0) return bytes;
  return Add(bytes, 2 * kPage);  // whole pages, and one before them
}

uint64_t Bloom(const MapShape& shape) {
  const uint64_t hashes = (shape.extra & 0xf) != 0 ? shape.extra & 0xf : kBloomHashes;
  // Bits: a power of two from entries * hashes / ln 2 on, at most 2^32.
  const uint64_t bits = PowerOfTwo(uint64_t{shape.max_entries} * hashes * 7 / 5);
  return std::clamp<uint64_t>(bits, 64, uint64_t{1} << 32) / 8;
}

uint64_t RingBuffer(const MapShape& shape) {
  // Libbpf rounds it up. Each page is listed twice.
  const uint64_t bytes = std::max(PowerOfTwo(shape.max_entries), kPage);
  return bytes + kRingPages * kPage + bytes / kPage * 2 * kPointer;
}

}  // namespace

uint64_t EstimateMapMemory(const MapShape& shape, uint32_t possible_cpus) {
  const uint64_t key = RoundUp(shape.key_size, 8);
  const uint64_t value = RoundUp(shape.value_size, 8);
  const uint64_t entries = shape.max_entries;
  const uint64_t cpus = possible_cpus;
  const auto bytes = [&]() -> uint64_t {
    switch (shape.type) {
      case BPF_MAP_TYPE_HASH:
        return Hash(shape, key, value, cpus, false, false);
      case BPF_MAP_TYPE_LRU_HASH:
        return Hash(shape, key, value, cpus, false, true);
      case BPF_MAP_TYPE_PERCPU_HASH:
        return Hash(shape, key, value, cpus, true, false);
      case BPF_MAP_TYPE_LRU_PERCPU_HASH:
        return Hash(shape, key, value, cpus, true, true);
      case BPF_MAP_TYPE_HASH_OF_MAPS:
        return Hash(shape, key, kPointer, cpus, false, false);
      case BPF_MAP_TYPE_SOCKHASH:
        return Add(Buckets(entries), Multiply(entries, kHashEntry + key));
      case BPF_MAP_TYPE_ARRAY:
        return Array(shape, value);
      case BPF_MAP_TYPE_PERCPU_ARRAY:
        return Multiply(entries, Add(kPointer, Multiply(value, cpus)));
      case BPF_MAP_TYPE_PROG_ARRAY:
      case BPF_MAP_TYPE_CGROUP_ARRAY:
      case BPF_MAP_TYPE_ARRAY_OF_MAPS:
      case BPF_MAP_TYPE_SOCKMAP:
      case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
      case BPF_MAP_TYPE_XSKMAP:
      case BPF_MAP_TYPE_CPUMAP:
        return Multiply(entries, kPointer);
      case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
        // A page of positions beside those for records.
        return Add(Multiply(entries, kPointer), Multiply(cpus, (kPerfBufferPages + 1) * kPage));
      case BPF_MAP_TYPE_DEVMAP:
        return Multiply(entries, kPointer + kDevice);
      case BPF_MAP_TYPE_DEVMAP_HASH:
        return Add(Buckets(entries), Multiply(entries, kDevice));
      case BPF_MAP_TYPE_LPM_TRIE:
        // As many inner nodes again as there are entries.
        return Multiply(2 * entries, kTrieNode + kAllocatorLink + key + value);
      case BPF_MAP_TYPE_QUEUE:
      case BPF_MAP_TYPE_STACK:
        return Multiply(entries + 1, value);
      case BPF_MAP_TYPE_BLOOM_FILTER:
        return Bloom(shape);
      case BPF_MAP_TYPE_STACK_TRACE:
        return Add(PowerOfTwo(entries) * kPointer, Multiply(entries, Add(kStackBucket, value)));
      case BPF_MAP_TYPE_RINGBUF:
      case BPF_MAP_TYPE_USER_RINGBUF:
        return RingBuffer(shape);
      case BPF_MAP_TYPE_SK_STORAGE:
      case BPF_MAP_TYPE_INODE_STORAGE:
      case BPF_MAP_TYPE_TASK_STORAGE:
      case kCgrpStorage:
      case BPF_MAP_TYPE_CGROUP_STORAGE:
        return Buckets(cpus) + kStorageEntry + value;
      case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
        return Add(kStorageEntry, Multiply(value, cpus));
      default:
        // Newer than this list: as much as a hash.
        return Hash(shape, key, value, cpus, false, false);
    }
  }();
  return Add(kMapItself, bytes);
}

bool CanBeFreed(uint32_t type, uint32_t max_entries) {
  // There it is a number of bytes.
  if (type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF) return true;
  return max_entries <= uint32_t{std::numeric_limits<int32_t>::max()};
}

}  // namespace bpfrig::kernel_bpf
