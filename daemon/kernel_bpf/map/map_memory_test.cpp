// That the kernel does not take more is seen in tests/kernel.
#include "daemon/kernel_bpf/map/map_memory.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <limits>

namespace bpfrig::kernel_bpf {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;

uint64_t Estimate(uint32_t type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags = 0,
                  uint32_t cpus = 2) {
  return EstimateMapMemory({type, key, value, entries, flags, 0}, cpus);
}

TEST(MapMemoryTest, AHashTakesItsBucketsAndEntries) {
  const uint64_t bytes = Estimate(BPF_MAP_TYPE_HASH, 4, 4096, 105000);
  EXPECT_GE(bytes, 105002 * uint64_t{48 + 8 + 4096} + 131072 * 16);
  EXPECT_LE(bytes, 420 * kMebibyte);
}

TEST(MapMemoryTest, AMapThatFillsUpLaterIsCountedFull) {
  EXPECT_GE(Estimate(BPF_MAP_TYPE_HASH, 4, 4096, 105000, BPF_F_NO_PREALLOC),
            Estimate(BPF_MAP_TYPE_HASH, 4, 4096, 105000));
}

TEST(MapMemoryTest, PerCpuMapsHoldAValueForEachCpu) {
  for (const uint32_t type :
       {BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_PERCPU_HASH}) {
    const uint64_t two = Estimate(type, 4, 1000, 1000, 0, 2);
    const uint64_t sixty = Estimate(type, 4, 1000, 1000, 0, 60);
    EXPECT_GE(sixty - two, uint64_t{1000} * 1000 * 58) << type;
  }
}

TEST(MapMemoryTest, APerfEventArrayIsReadOnEachCpu) {
  const uint64_t for_each = (kPerfBufferPages + 1) * uint64_t{4096};
  EXPECT_EQ(Estimate(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0, 6) -
                Estimate(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0, 2),
            4 * for_each);
}

TEST(MapMemoryTest, ValuesAreRoundedUpToEightBytes) {
  EXPECT_EQ(Estimate(BPF_MAP_TYPE_ARRAY, 4, 1, 1000), Estimate(BPF_MAP_TYPE_ARRAY, 4, 8, 1000));
}

TEST(MapMemoryTest, ARingBufferIsItsSizeRoundedUp) {
  const uint64_t bytes = Estimate(BPF_MAP_TYPE_RINGBUF, 0, 0, 3 * kMebibyte);
  EXPECT_GE(bytes, 4 * kMebibyte);
  EXPECT_LE(bytes, 4 * kMebibyte + 100000);
}

TEST(MapMemoryTest, ABloomFilterGrowsWithItsHashes) {
  const MapShape few{BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 1000000, 0, 2};
  const MapShape many{BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 1000000, 0, 15};
  EXPECT_GT(EstimateMapMemory(many, 2), 2 * EstimateMapMemory(few, 2));
}

TEST(MapMemoryTest, HugeSizesDoNotWrapAround) {
  constexpr uint32_t kMax = std::numeric_limits<uint32_t>::max();
  for (uint32_t type = BPF_MAP_TYPE_HASH; type < 40; ++type) {
    const uint64_t small = Estimate(type, 4, 8, 16);
    EXPECT_GE(Estimate(type, kMax, kMax, kMax, 0, 4096), small) << type;
    EXPECT_GE(Estimate(type, kMax, kMax, kMax, BPF_F_NO_PREALLOC | BPF_F_MMAPABLE, 4096), small) << type;
  }
  EXPECT_EQ(Estimate(BPF_MAP_TYPE_PERCPU_ARRAY, 4, kMax, kMax, 0, 4096),
            std::numeric_limits<uint64_t>::max());
}

TEST(MapMemoryTest, ATypeThatIsNotKnownCountsLikeAHash) {
  EXPECT_GE(Estimate(99, 4, 4096, 1000), 1000 * uint64_t{4096});
}

TEST(MapMemoryTest, MoreEntriesThanAnIntCountsCannotBeFreed) {
  constexpr uint32_t kLast = std::numeric_limits<int32_t>::max();
  EXPECT_TRUE(CanBeFreed(BPF_MAP_TYPE_SOCKMAP, kLast));
  EXPECT_FALSE(CanBeFreed(BPF_MAP_TYPE_SOCKMAP, kLast + 1));
  EXPECT_TRUE(CanBeFreed(BPF_MAP_TYPE_RINGBUF, kLast + 1)) << "these are bytes";
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
