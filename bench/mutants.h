// How fast `bpfrig mutate` is, with the shipped plan of sendmsg.
#pragma once

#include <cstddef>
#include <string>

namespace bpfrig::bench {

struct MutantTimes {
  size_t mutants = 0;
  // The whole command, and the mutants alone, without the daemon's start and the first run of the tests.
  double command_seconds = 0;
  double mutants_seconds = 0;
};

// Medians of so many runs. Exits if the command fails.
[[nodiscard]] MutantTimes MeasureMutants(const std::string& target, int runs);

}  // namespace bpfrig::bench
