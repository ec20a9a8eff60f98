#include "daemon/kernel_bpf/map/ring_buffer.h"

#include <bpf/libbpf.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

// The callback returns this to stop. Libbpf has consumed the record by then, so none is read twice.
constexpr int kEnough = -ECANCELED;

}  // namespace

absl::StatusOr<RingBuffer> RingBuffer::Open(const Map& map) {
  if (!map.IsRingBuffer()) {
    return base::WithObject(
        base::MakeError(base::Reason::kTypeMismatch, absl::StrCat("map \"", map.name(), "\" is of type ",
                                                                  map.type_name(), ", not a ring buffer")),
        map.name());
  }
  RingBuffer ring;
  ring.name_ = map.name();
  ring.draining_ = std::make_unique<Draining>();
  LibbpfOutput output;
  ring.buffer_.reset(ring_buffer__new(map.fd(), &RingBuffer::OnSample, ring.draining_.get(), nullptr));
  if (ring.buffer_ == nullptr) {
    return base::WithObject(base::ErrnoError(absl::StrCat("opening ring buffer ", map.name())), map.name());
  }
  return ring;
}

int RingBuffer::PollFd() const { return ring_buffer__epoll_fd(buffer_.get()); }

absl::StatusOr<size_t> RingBuffer::Drain(size_t at_most,
                                         const std::function<void(absl::string_view)>& record) {
  if (at_most == 0) return 0;
  draining_->record = &record;
  draining_->at_most = at_most;
  draining_->count = 0;
  int result = ring_buffer__consume(buffer_.get());
  draining_->record = nullptr;
  if (result < 0 && result != kEnough) {
    return base::WithObject(base::KernelError(result, absl::StrCat("reading ring buffer ", name_)), name_);
  }
  return draining_->count;
}

int RingBuffer::OnSample(void* context, void* data, size_t size) {
  Draining& draining = *static_cast<Draining*>(context);
  (*draining.record)(absl::string_view(static_cast<const char*>(data), size));
  return ++draining.count < draining.at_most ? 0 : kEnough;
}

void RingBuffer::Free::operator()(struct ring_buffer* buffer) const { ring_buffer__free(buffer); }

}  // namespace bpfrig::kernel_bpf
