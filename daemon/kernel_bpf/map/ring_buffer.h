// RingBuffer: the one reader of a ring buffer map. Reading consumes. ReadEvents polls PollFd and drains.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/map/map.h"

struct ring_buffer;

namespace bpfrig::kernel_bpf {

class RingBuffer {
 public:
  // TYPE_MISMATCH for a map of another type. The caller makes sure that a map has one reader at a time; a
  // later reader finds what an earlier one left.
  [[nodiscard]] static absl::StatusOr<RingBuffer> Open(const Map& map);

  // Readable while there are records. The kernel wakes only a reader that had taken everything, so drain
  // until fewer than `at_most` come before waiting again. Owned by the RingBuffer.
  [[nodiscard]] int PollFd() const;

  // Gives the records that are there to `record`, oldest first, at most `at_most` records, without blocking;
  // returns how many. The bytes are valid during the call only.
  [[nodiscard]] absl::StatusOr<size_t> Drain(size_t at_most,
                                             const std::function<void(absl::string_view)>& record);

 private:
  // What libbpf's callback works on; at a fixed address.
  struct Draining {
    const std::function<void(absl::string_view)>* record = nullptr;
    size_t at_most = 0;
    size_t count = 0;
  };
  struct Free {
    void operator()(struct ring_buffer* buffer) const;
  };
  RingBuffer() = default;
  static int OnSample(void* context, void* data, size_t size);

  std::string name_;
  std::unique_ptr<Draining> draining_;
  std::unique_ptr<struct ring_buffer, Free> buffer_;
};

}  // namespace bpfrig::kernel_bpf
