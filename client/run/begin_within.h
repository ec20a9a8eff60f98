// How long one call that does many things may begin further ones (`begin_within_ms`).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bpfrig::client::run {

// Of the time that is left, as the rest is for the answer's way; a second at most, so that a step that fails
// is not shown much later for it.
[[nodiscard]] inline uint32_t BeginWithinMs(std::chrono::milliseconds left) {
  const std::chrono::milliseconds most(1000);
  return static_cast<uint32_t>(std::clamp(left * 9 / 10, std::chrono::milliseconds(1), most).count());
}

}  // namespace bpfrig::client::run
