// Waiting for what the kernel or another process does later, with a deadline instead of a guess.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace bpfrig::tests {

// When what takes milliseconds has failed.
inline absl::Time Soon() { return absl::Now() + absl::Seconds(5); }

// Asks `condition` again and again, a few milliseconds apart, until it holds or `limit` is over. Only for
// conditions without an event to wait for. Returns whether it held.
inline bool WaitUntil(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace bpfrig::tests
