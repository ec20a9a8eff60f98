// RingBuffer: the one reader of a ring buffer map.
#pragma once

#include <memory>
#include <string>

#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/map/record_reader.h"

struct ring_buffer;

namespace bpfrig::kernel_bpf {

class RingBuffer : public RecordReader {
 public:
  // TYPE_MISMATCH for a map of another type. The caller makes sure that a map has one reader at a time; a
  // later reader finds what an earlier one left.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordReader>> Open(const Map& map);

  [[nodiscard]] int PollFd() const override;
  [[nodiscard]] absl::StatusOr<size_t> Drain(size_t at_most, const RecordCallback& record) override;
  [[nodiscard]] absl::StatusOr<uint64_t> TakeLost() override { return 0; }

 private:
  // What libbpf's callback works on.
  struct Draining {
    const RecordCallback* record = nullptr;
    size_t at_most = 0;
    size_t count = 0;
  };
  struct Free {
    void operator()(struct ring_buffer* buffer) const;
  };
  explicit RingBuffer(std::string name) : name_(std::move(name)) {}
  static int OnSample(void* context, void* data, size_t size);

  const std::string name_;
  Draining draining_;
  std::unique_ptr<struct ring_buffer, Free> buffer_;  // has draining_'s address
};

}  // namespace bpfrig::kernel_bpf
