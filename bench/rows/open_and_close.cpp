#include "bench/bare_sandbox.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/row.h"

namespace bpfrig::bench {

Row OpenAndCloseRow(const Bench& bench) {
  return {.name = "a sandbox opened and closed",
          .unit = "ms",
          .goal = "<= 2",
          .floor =
              [] {
                Stopwatch watch;
                BareSandbox([](int, int) {}).End();
                return watch.Lap() / 1000;
              },
          .rig =
              [&bench] {
                Stopwatch watch;
                RigSandbox(bench.stub).Close();
                return watch.Lap() / 1000;
              }};
}

}  // namespace bpfrig::bench
