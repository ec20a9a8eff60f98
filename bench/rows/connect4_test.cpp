#include <numeric>

#include "bench/bare.h"
#include "bench/rig.h"
#include "bench/row.h"

namespace bpfrig::bench {

Row Connect4TestRow(const Bench& bench) {
  const auto milliseconds = [](const Times& times) {
    return std::accumulate(times.begin(), times.end(), 0.0) / 1000;
  };
  return {.name = "one connect4 test, small maps",
          .unit = "ms",
          .goal = "<= 1.5",
          .floor = [=, &bench] { return milliseconds(RunBareTest(bench.object_path)); },
          .rig = [=, &bench] { return milliseconds(RunRigTest(bench.stub, bench.object)); }};
}

}  // namespace bpfrig::bench
