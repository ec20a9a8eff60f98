// What there is to say of the figures of several runs.
#pragma once

#include <algorithm>
#include <vector>

namespace bpfrig::bench {

struct Spread {
  double least = 0;
  double median = 0;
  double greatest = 0;
};

// There is at least one.
[[nodiscard]] inline Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

[[nodiscard]] inline double Median(const std::vector<double>& values) { return SpreadOf(values).median; }

}  // namespace bpfrig::bench
