// Between a worker and the supervisor, on a socketpair of its own (SOCK_SEQPACKET): one request, then its
// answer. The supervisor keeps the sum over all sandboxes. Plain numbers, so that it has nothing to parse.
// Private: both come from the same build.
#pragma once

#include <cstdint>

namespace bpfrig::ipc {

// What the maps of the worker's sandbox may take from now on, in bytes; in place of what it asked for before.
// Less than before is always granted.
struct MapMemoryRequest {
  uint64_t bytes = 0;
};

struct MapMemoryAnswer {
  // 1, or 0 if things stay as they were.
  uint64_t granted = 0;
  // What the maps of all other sandboxes take, in bytes.
  uint64_t others = 0;
};

}  // namespace bpfrig::ipc
