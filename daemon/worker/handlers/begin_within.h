// `begin_within_ms` of calls that do many things.
#pragma once

#include <chrono>
#include <cstdint>

#include "daemon/worker/call/asio.h"

namespace bpfrig::worker {

// After this a call that begins now begins no further one. 0 stands for a second, as the requests' comments
// say.
[[nodiscard]] inline Clock::time_point LastBegin(uint32_t begin_within_ms) {
  return Clock::now() + std::chrono::milliseconds(begin_within_ms == 0 ? 1000 : begin_within_ms);
}

}  // namespace bpfrig::worker
