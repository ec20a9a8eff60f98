// `bpfrig run` with a plan that has the connect4 test many times.
#pragma once

#include <string>

namespace bpfrig::bench {

// How long so many tests take, `jobs` at once, on the daemon at `target`, in milliseconds.
[[nodiscard]] double TimePlan(const std::string& target, int tests, const std::string& jobs);

}  // namespace bpfrig::bench
