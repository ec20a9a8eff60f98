// UserRingBuffer: the one writer of a user ring buffer map. WriteEvents makes one for its call; what it wrote
// and no program has drained is there for the next.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/map/map.h"

struct user_ring_buffer;

namespace bpfrig::kernel_bpf {

class UserRingBuffer {
 public:
  // TYPE_MISMATCH for a map of another type.
  [[nodiscard]] static absl::StatusOr<UserRingBuffer> Open(const Map& map);

  // 0, or the errno: ENOSPC if it is full, E2BIG if it could never hold so long a record.
  [[nodiscard]] int Write(absl::string_view record);

 private:
  struct Free {
    void operator()(struct user_ring_buffer* buffer) const;
  };
  UserRingBuffer() = default;

  std::unique_ptr<struct user_ring_buffer, Free> buffer_;
};

}  // namespace bpfrig::kernel_bpf
