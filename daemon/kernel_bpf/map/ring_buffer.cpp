#include "daemon/kernel_bpf/map/ring_buffer.h"

#include <bpf/libbpf.h>

#include <cerrno>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

// The callback returns this to stop. Libbpf has consumed the record by then, so none is read twice.
constexpr int kEnough = -ECANCELED;

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> RingBuffer::Open(const Map& map) {
  if (!map.IsRingBuffer()) {
    return base::WithObject(
        base::MakeError(base::Reason::kTypeMismatch,
                        absl::StrCat("map \"", map.name(), "\" is of type ", map.type_name(),
                                     ", not a ring buffer or perf event array")),
        map.name());
  }
  auto ring = absl::WrapUnique(new RingBuffer(map.name()));
  LibbpfOutput output;
  ring->buffer_.reset(ring_buffer__new(map.fd(), &RingBuffer::OnSample, &ring->draining_, nullptr));
  if (ring->buffer_ == nullptr) {
    return base::WithObject(base::ErrnoError(absl::StrCat("opening ring buffer ", map.name())), map.name());
  }
  return ring;
}

int RingBuffer::PollFd() const { return ring_buffer__epoll_fd(buffer_.get()); }

absl::StatusOr<size_t> RingBuffer::Drain(size_t at_most, const RecordCallback& record) {
  if (at_most == 0) return 0;
  draining_ = {&record, at_most, 0};
  int result = ring_buffer__consume(buffer_.get());
  draining_.record = nullptr;
  if (result < 0 && result != kEnough) {
    return base::WithObject(base::KernelError(result, absl::StrCat("reading ring buffer ", name_)), name_);
  }
  return draining_.count;
}

int RingBuffer::OnSample(void* context, void* data, size_t size) {
  Draining& draining = *static_cast<Draining*>(context);
  (*draining.record)(Record{absl::string_view(static_cast<const char*>(data), size)});
  return ++draining.count < draining.at_most ? 0 : kEnough;
}

void RingBuffer::Free::operator()(struct ring_buffer* buffer) const { ring_buffer__free(buffer); }

}  // namespace bpfrig::kernel_bpf
