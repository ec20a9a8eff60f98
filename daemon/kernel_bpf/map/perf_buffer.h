// PerfBuffer: the one reader of a perf event array: a software event on each CPU, which a program writes its
// records to, and memory for them. What a program writes before it is there, the kernel refuses.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/map/record_reader.h"

struct perf_buffer;
struct perf_event_header;

namespace bpfrig::kernel_bpf {

class PerfBuffer : public RecordReader {
 public:
  // TYPE_MISMATCH for a map of another type; KERNEL_REFUSED with EACCES without CAP_PERFMON.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordReader>> Open(const Map& map);

  [[nodiscard]] int PollFd() const override;
  // In the order in which they were written, whatever the CPU, as far as they are there when it is called.
  [[nodiscard]] absl::StatusOr<size_t> Drain(size_t at_most, const RecordCallback& record) override;
  [[nodiscard]] absl::StatusOr<uint64_t> TakeLost() override;

 private:
  struct Taken {
    uint64_t time = 0;
    uint32_t cpu = 0;
    std::string bytes;
  };
  struct Free {
    void operator()(struct perf_buffer* buffer) const;
  };
  explicit PerfBuffer(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] int OpenEvents(const Map& map, bool tells_lost);
  // Takes what is there on all CPUs.
  [[nodiscard]] absl::Status Collect();
  void OnEvent(int cpu, const struct perf_event_header& header);
  // All that were ever lost.
  [[nodiscard]] absl::StatusOr<uint64_t> CountLost() const;

  const std::string name_;
  // Taken from the kernel, and not given to a reader yet.
  std::deque<Taken> waiting_;
  // Whether the kernel tells at any time how many were lost (from 6.0 on). Before, it tells only with the
  // next record that it had room for.
  bool tells_lost_ = true;
  uint64_t lost_records_ = 0;
  uint64_t lost_told_ = 0;
  std::unique_ptr<struct perf_buffer, Free> buffer_;  // has the address of this
};

}  // namespace bpfrig::kernel_bpf
