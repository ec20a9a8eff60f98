// What both sides of the bulk benchmark do: so many entries written to a map and read again, so many records
// read from a ring buffer. The entries and records are bulk.bpf.c's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace bpfrig::bench {

inline constexpr uint32_t kBulkCount = 1'000'000;
// Of one batch operation, and of one message of a request.
inline constexpr uint32_t kBatch = 4096;
inline constexpr uint32_t kRecordsPerRun = 1000;
inline constexpr size_t kKeySize = 8;
inline constexpr size_t kValueSize = 32;
inline constexpr size_t kRecordSize = 16;
// Of the packet of a test run.
inline constexpr size_t kFrameSize = 64;

enum Task : size_t { kSeedMap, kDumpMap, kReadEvents, kTaskCount };
inline constexpr std::array<const char*, kTaskCount> kTaskNames = {"SeedMap", "DumpMap", "ReadEvents"};

// Microseconds of each task.
using TaskTimes = std::array<double, kTaskCount>;

// A batch's keys and values as bytes; the values stay what they are.
struct Batch {
  std::string keys = std::string(kBatch * kKeySize, '\0');
  const std::string values = std::string(kBatch * kValueSize, 'v');
  uint32_t first = 0;
  uint32_t count = 0;

  // Of the entries from `from` on, of so many.
  void Fill(uint32_t from, uint32_t total) {
    first = from;
    count = std::min(kBatch, total - first);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t key = first + i;
      std::memcpy(keys.data() + i * kKeySize, &key, sizeof(key));
    }
  }
};

}  // namespace bpfrig::bench
