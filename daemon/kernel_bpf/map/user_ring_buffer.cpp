#include "daemon/kernel_bpf/map/user_ring_buffer.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {

absl::StatusOr<UserRingBuffer> UserRingBuffer::Open(const Map& map) {
  if (!map.IsUserRingBuffer()) {
    absl::Status status = base::MakeError(
        base::Reason::kTypeMismatch,
        absl::StrCat("map \"", map.name(), "\" is of type ", map.type_name(), ", not a user ring buffer"));
    const char* hint = map.IsRingBuffer() ? "programs write into a ring buffer; `events` reads it" : "";
    return base::WithObject(base::WithHint(status, hint), map.name());
  }
  UserRingBuffer ring;
  LibbpfOutput output;
  ring.buffer_.reset(user_ring_buffer__new(map.fd(), nullptr));
  if (ring.buffer_ == nullptr) {
    return base::WithObject(base::ErrnoError(absl::StrCat("opening user ring buffer ", map.name())),
                            map.name());
  }
  return ring;
}

int UserRingBuffer::Write(absl::string_view record) {
  void* memory = user_ring_buffer__reserve(buffer_.get(), static_cast<uint32_t>(record.size()));
  if (memory == nullptr) return errno;
  std::memcpy(memory, record.data(), record.size());
  user_ring_buffer__submit(buffer_.get(), memory);
  return 0;
}

void UserRingBuffer::Free::operator()(struct user_ring_buffer* buffer) const {
  user_ring_buffer__free(buffer);
}

}  // namespace bpfrig::kernel_bpf
