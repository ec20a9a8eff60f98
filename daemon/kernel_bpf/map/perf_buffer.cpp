#include "daemon/kernel_bpf/map/perf_buffer.h"

#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/map/map_memory.h"

namespace bpfrig::kernel_bpf {
namespace {

// How the kernel lays out what the events ask for. A sample goes on with `size` bytes.
struct Sample {
  struct perf_event_header header;
  uint64_t time;
  uint32_t size;
} __attribute__((packed));

struct Lost {
  struct perf_event_header header;
  uint64_t id;
  uint64_t count;
};

// What reading an event gives with PERF_FORMAT_LOST.
struct Count {
  uint64_t value;
  uint64_t lost;
};

struct perf_event_attr Attributes(bool tells_lost) {
  struct perf_event_attr attributes;
  std::memset(&attributes, 0, sizeof(attributes));
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_BPF_OUTPUT;
  attributes.sample_period = 1;
  attributes.wakeup_events = 1;
  attributes.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW;
  // The clock by which records of several CPUs are put in order.
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  if (tells_lost) attributes.read_format = PERF_FORMAT_LOST;
  return attributes;
}

std::string Remedy(int error, absl::string_view libbpf_output) {
  if (error == EACCES) {
    return "it takes CAP_PERFMON: start the daemon without --no-perfmon, and give its container the "
           "capability; ring buffers are read without";
  }
  if (error == EPERM && absl::StrContains(libbpf_output, "mmap")) {
    return "the memory that a user may have for perf events is used up: raise kernel.perf_event_mlock_kb, or "
           "use fewer perf event arrays in one test";
  }
  if (error == EPERM) return "the container's seccomp profile may refuse perf_event_open";
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> PerfBuffer::Open(const Map& map) {
  if (!map.IsPerfEventArray()) {
    return base::WithObject(base::MakeError(base::Reason::kTypeMismatch,
                                            absl::StrCat("map \"", map.name(), "\" is of type ",
                                                         map.type_name(), ", not a perf event array")),
                            map.name());
  }
  auto buffer = absl::WrapUnique(new PerfBuffer(map.name()));
  LibbpfOutput output;
  int error = buffer->OpenEvents(map, true);
  if (error == EINVAL) {
    buffer->tells_lost_ = false;
    error = buffer->OpenEvents(map, false);
  }
  if (error != 0) {
    absl::Status status = base::KernelError(-error, absl::StrCat("opening perf event array ", map.name()));
    return base::WithObject(base::WithHint(status, Remedy(error, output.text())), map.name());
  }
  return buffer;
}

// Libbpf opens the events one by one, and leaves CPUs out that are switched off.
int PerfBuffer::OpenEvents(const Map& map, bool tells_lost) {
  struct perf_event_attr attributes = Attributes(tells_lost);
  const auto on_event = [](void* context, int cpu, struct perf_event_header* header) {
    static_cast<PerfBuffer*>(context)->OnEvent(cpu, *header);
    return LIBBPF_PERF_EVENT_CONT;
  };
  buffer_.reset(perf_buffer__new_raw(map.fd(), kPerfBufferPages, &attributes, on_event, this, nullptr));
  return buffer_ == nullptr ? errno : 0;
}

int PerfBuffer::PollFd() const { return perf_buffer__epoll_fd(buffer_.get()); }

absl::StatusOr<size_t> PerfBuffer::Drain(size_t at_most, const RecordCallback& record) {
  if (waiting_.empty()) BPFRIG_RETURN_IF_ERROR(Collect());
  size_t count = 0;
  for (; count < at_most && !waiting_.empty(); ++count) {
    record(Record{waiting_.front().bytes, waiting_.front().cpu});
    waiting_.pop_front();
  }
  return count;
}

absl::Status PerfBuffer::Collect() {
  const int error = perf_buffer__consume(buffer_.get());
  if (error != 0) {
    return base::WithObject(base::KernelError(error, absl::StrCat("reading perf event array ", name_)),
                            name_);
  }
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Taken& a, const Taken& b) { return a.time < b.time; });
  return absl::OkStatus();
}

void PerfBuffer::OnEvent(int cpu, const struct perf_event_header& header) {
  const char* memory = reinterpret_cast<const char*>(&header);
  if (header.type == PERF_RECORD_LOST && header.size >= sizeof(Lost)) {
    Lost lost;
    std::memcpy(&lost, memory, sizeof(lost));
    lost_records_ += lost.count;
  }
  if (header.type != PERF_RECORD_SAMPLE || header.size < sizeof(Sample)) return;
  Sample sample;
  std::memcpy(&sample, memory, sizeof(sample));
  const size_t size = std::min<size_t>(sample.size, header.size - sizeof(Sample));
  waiting_.push_back({sample.time, static_cast<uint32_t>(cpu), std::string(memory + sizeof(Sample), size)});
}

absl::StatusOr<uint64_t> PerfBuffer::CountLost() const {
  if (!tells_lost_) return lost_records_;
  uint64_t lost = 0;
  for (size_t i = 0; i < perf_buffer__buffer_cnt(buffer_.get()); ++i) {
    Count count;
    if (::read(perf_buffer__buffer_fd(buffer_.get(), i), &count, sizeof(count)) != sizeof(count)) {
      return base::WithObject(
          base::ErrnoError(absl::StrCat("counting the lost records of perf event array ", name_)), name_);
    }
    lost += count.lost;
  }
  return lost;
}

absl::StatusOr<uint64_t> PerfBuffer::TakeLost() {
  BPFRIG_ASSIGN_OR_RETURN(const uint64_t lost, CountLost());
  const uint64_t fresh = lost - lost_told_;
  lost_told_ = lost;
  return fresh;
}

void PerfBuffer::Free::operator()(struct perf_buffer* buffer) const { perf_buffer__free(buffer); }

}  // namespace bpfrig::kernel_bpf
