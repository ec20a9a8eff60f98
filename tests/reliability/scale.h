// How often a reliability test does what it does.
#pragma once

#include <chrono>
#include <cstdlib>

namespace bpfrig::tests {

// `full` if BPFRIG_RELIABILITY is set, as `./dev reliability` does; otherwise few enough for every day.
[[nodiscard]] inline int Scaled(int few, int full) {
  return std::getenv("BPFRIG_RELIABILITY") != nullptr ? full : few;
}

// Within which docs/reliability.md says that what has ended is gone. That is of a daemon which has the
// machine to itself; every day it shares it with builds, and all that can be told is that nothing hangs.
inline const std::chrono::seconds kSoon{Scaled(10, 2)};

}  // namespace bpfrig::tests
