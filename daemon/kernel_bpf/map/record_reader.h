// RecordReader: what takes the records out of one map, a ring buffer (ring_buffer.h) or a perf event array
// (perf_buffer.h). Reading consumes. ReadEvents polls PollFd and drains.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

struct Record {
  // Valid during the callback only.
  absl::string_view bytes;
  // Of a perf event array: the CPU that it was written on.
  uint32_t cpu = 0;
};
using RecordCallback = std::function<void(const Record&)>;

class RecordReader {
 public:
  virtual ~RecordReader() = default;

  // Readable while there are records. The kernel wakes only a reader that had taken everything, so drain
  // until fewer than `at_most` come before waiting again. Owned by the reader.
  [[nodiscard]] virtual int PollFd() const = 0;

  // Gives the records that are there to `record`, oldest first, at most `at_most` of them, without blocking;
  // returns how many.
  [[nodiscard]] virtual absl::StatusOr<size_t> Drain(size_t at_most, const RecordCallback& record) = 0;

  // How many records the kernel had no room for since the last call; a ring buffer does not count them.
  [[nodiscard]] virtual absl::StatusOr<uint64_t> TakeLost() = 0;
};

}  // namespace bpfrig::kernel_bpf
