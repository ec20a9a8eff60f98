// How much kernel memory a map can come to take, known before it is made. ObjectLoader sums these up, and the
// worker keeps the sum below its sandbox's limit. docs/limits.md has the formula for users.
#pragma once

#include <cstdint>
#include <string>

namespace bpfrig::kernel_bpf {

// How much memory a perf event array's reader has for the records of one CPU, in pages.
inline constexpr uint32_t kPerfBufferPages = 16;

// What a map is made with.
struct MapShape {
  uint32_t type = 0;  // a bpf_map_type
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t flags = 0;
  uint64_t extra = 0;  // map_extra
};

// In bytes, with every entry in use, also of a map that takes memory only as it fills up (BPF_F_NO_PREALLOC):
// a program can fill it without asking. Socket, cgroup and other local storage is counted for one owner.
[[nodiscard]] uint64_t EstimateMapMemory(const MapShape& shape, uint32_t possible_cpus);

// A map that is about to be made.
struct MapCost {
  std::string map;
  // Of its request's field that chose its size; empty if the object says it.
  std::string field;
  uint64_t bytes = 0;
};

// Whether the kernel can free a map of so many entries. It counts those of some types in an int: Linux 6.18
// crashes when it frees a sockmap of 2^31, and does not get its memory back.
[[nodiscard]] bool CanBeFreed(uint32_t type, uint32_t max_entries);

}  // namespace bpfrig::kernel_bpf
