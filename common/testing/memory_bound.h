// A bound on memory that a test sees from outside.
#pragma once

#include <cstddef>
#include <limits>

namespace bpfrig::common {

// `bytes`, in any unit; no bound in a sanitizer's build, which keeps what was freed and writes notes beside
// the rest.
constexpr size_t MemoryBound([[maybe_unused]] size_t bytes) {
#ifdef BPFRIG_SANITIZED
  return std::numeric_limits<std::ptrdiff_t>::max();
#else
  return bytes;
#endif
}

}  // namespace bpfrig::common
