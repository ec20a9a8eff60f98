#include <memory>

#include "bench/bare.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/row.h"

namespace bpfrig::bench {
namespace {

constexpr int kConnects = 20'000;

double ThousandsASecond(double microseconds) { return kConnects * 1000.0 / microseconds; }

}  // namespace

Row RepeatedConnectsRow(const Bench& bench) {
  return {.name = "connects through a program, one call",
          .unit = "k/s",
          .goal = ">= 0.7",
          .floor = [&bench] { return ThousandsASecond(TimeBareConnects(bench.object_path, kConnects)); },
          .rig =
              [&bench] {
                RigSandbox sandbox(bench.stub);
                sandbox.Load(bench.object);
                sandbox.Seed();
                sandbox.Listen();
                sandbox.Control();
                Stopwatch watch;
                sandbox.ConnectOften(kConnects);
                return ThousandsASecond(watch.Lap());
              }};
}

}  // namespace bpfrig::bench
