// How often a reliability test does what it does.
#pragma once

#include <cstdlib>

namespace bpfrig::tests {

// `full` if BPFRIG_RELIABILITY is set, as `./dev reliability` does; otherwise few enough for every day.
[[nodiscard]] inline int Scaled(int few, int full) {
  return std::getenv("BPFRIG_RELIABILITY") != nullptr ? full : few;
}

}  // namespace bpfrig::tests
