#include "daemon/worker/traffic/socket.h"

namespace bpfrig::worker {

uint64_t Socket::cookie() const {
  if (facts_.cookie != 0 || IsClosed()) return facts_.cookie;
  return AskForCookie(descriptor_);
}

}  // namespace bpfrig::worker
