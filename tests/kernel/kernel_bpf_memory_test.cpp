// The estimate of what a map takes, against what the kernel says that it took.
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/map/map_memory.h"

namespace bpfrig::kernel_bpf {
namespace {

// From Linux 6.4 on this is what the map has; before, an estimate of the kernel's own.
std::optional<uint64_t> MemoryOf(int map) {
  std::ifstream file(absl::StrCat("/proc/self/fdinfo/", map));
  std::string line;
  while (std::getline(file, line)) {
    absl::string_view rest = line;
    uint64_t bytes = 0;
    if (absl::ConsumePrefix(&rest, "memlock:") && absl::SimpleAtoi(rest, &bytes)) return bytes;
  }
  return std::nullopt;
}

// Linux 5.11 to 6.3 tell the product of a map's sizes: not what is in no entry, as of a ring buffer.
bool KernelTellsOfMemory() {
  constexpr uint32_t kBytes = 1 << 20;
  const Map ring = Map::Create("ring", {0, BPF_MAP_TYPE_RINGBUF, 0, 0, kBytes, 0}).value();
  return MemoryOf(ring.fd()).value() >= kBytes;
}

// What the kernel's own count is rounded up to.
uint64_t StepOfMemory() {
  const Map small = Map::Create("small", {0, BPF_MAP_TYPE_HASH, 4, 4, 1, 0}).value();
  constexpr uint64_t kPage = 4096;
  return MemoryOf(small.fd()).value() % kPage == 0 ? kPage : 1;
}

struct Case {
  uint32_t type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t flags = 0;
  // Whether the kernel takes most of it at once.
  bool at_once = true;
};

TEST(KernelBpfMemoryTest, NoMapTakesMoreThanTheEstimateNorMuchLess) {
  const Case cases[] = {
      {BPF_MAP_TYPE_HASH, 4, 4096, 10000},
      {BPF_MAP_TYPE_HASH, 7, 13, 100000},
      {BPF_MAP_TYPE_HASH, 4, 4, 65537},
      {BPF_MAP_TYPE_HASH, 4, 100, 100000, BPF_F_NO_PREALLOC, false},
      {BPF_MAP_TYPE_PERCPU_HASH, 4, 100, 10000},
      {BPF_MAP_TYPE_LRU_HASH, 4, 100, 10000},
      {BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 100, 10000},
      {BPF_MAP_TYPE_ARRAY, 4, 100, 10000},
      {BPF_MAP_TYPE_ARRAY, 4, 100, 10000, BPF_F_MMAPABLE},
      {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 100, 10000},
      {BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 100000},
      {BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 100000, 0, false},
      {BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 100000},
      {BPF_MAP_TYPE_SOCKMAP, 4, 4, 100000},
      {BPF_MAP_TYPE_SOCKHASH, 48, 4, 100000, 0, false},
      {BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 100000},
      {BPF_MAP_TYPE_XSKMAP, 4, 4, 100000},
      {BPF_MAP_TYPE_DEVMAP, 4, 4, 100000, 0, false},
      {BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 100000, 0, false},
      {BPF_MAP_TYPE_LPM_TRIE, 8, 100, 10000, BPF_F_NO_PREALLOC, false},
      {BPF_MAP_TYPE_QUEUE, 0, 100, 10000},
      {BPF_MAP_TYPE_STACK, 0, 100, 10000},
      {BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 1000000},
      {BPF_MAP_TYPE_STACK_TRACE, 4, 80, 10000},
      {BPF_MAP_TYPE_RINGBUF, 0, 0, 1 << 20},
      {BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 1 << 20},
  };
  if (!KernelTellsOfMemory()) GTEST_SKIP() << "this kernel does not tell how much memory maps take";
  const uint64_t step = StepOfMemory();
  std::string left_out;
  for (const Case& item : cases) {
    if (libbpf_probe_bpf_map_type(static_cast<enum bpf_map_type>(item.type), nullptr) == 0) {
      absl::StrAppend(&left_out, " ", item.type);
      continue;
    }
    const MapInfo info{0, item.type, item.key_size, item.value_size, item.max_entries, item.flags};
    const absl::StatusOr<Map> map = Map::Create("size", info);
    ASSERT_TRUE(map.ok()) << map.status();
    const std::optional<uint64_t> taken = MemoryOf(map->fd());
    ASSERT_TRUE(taken.has_value());
    const uint64_t estimate = EstimateMapMemory(
        {item.type, item.key_size, item.value_size, item.max_entries, item.flags, 0}, *PossibleCpus());
    EXPECT_GE((estimate + step - 1) / step * step, *taken) << map->type_name();
    if (item.at_once) {
      EXPECT_LE(estimate, *taken * 3 / 2 + 4096) << map->type_name();
    }
  }
  if (!left_out.empty())
    GTEST_SKIP() << "all maps are fine but those of types that this kernel lacks:" << left_out;
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
