#include "bench/growth.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <vector>

#include "bench/bulk.h"
#include "bench/check.h"
#include "bench/phases.h"
#include "bench/plot.h"
#include "bench/rig.h"
#include "bench/spread.h"
#include "bench/test_plan.h"

namespace bpfrig::bench {
namespace {

// Opens so many, each with a program attached, and closes them; the milliseconds that it took.
double TimeSandboxes(const Bench& bench, int count) {
  Stopwatch watch;
  std::vector<std::unique_ptr<RigSandbox>> sandboxes;
  for (int i = 0; i < count; ++i) {
    sandboxes.push_back(std::make_unique<RigSandbox>(bench.stub));
    sandboxes.back()->Load(bench.object);
  }
  for (const auto& sandbox : sandboxes) sandbox->Close();
  return watch.Lap() / 1000;
}

Curve Measure(const std::string& name, const std::vector<int>& counts, int runs,
              const std::function<double(int)>& milliseconds) {
  Curve curve{name, {}};
  std::printf("\n%-22s %12s %12s\n", name.c_str(), "ms", "us each");
  for (const int count : counts) {
    std::vector<double> times;
    for (int run = 0; run < runs; ++run) times.push_back(milliseconds(count));
    const double median = Median(times);
    std::printf("%-22d %12.1f %12.2f\n", count, median, median * 1000 / count);
    std::fflush(stdout);
    curve.points.emplace_back(count, median);
  }
  return curve;
}

}  // namespace

void MeasureGrowth(const Bench& bench, int runs, const std::string& file) {
  const std::vector<Curve> curves = {
      Measure("tests of a plan, -j 2", {1, 3, 10, 30, 100, 300, 1000}, runs,
              [&](int count) { return TimePlan(bench.target, count, "2"); }),
      Measure("sandboxes at once", {1, 3, 10, 30, 100}, runs,
              [&](int count) { return TimeSandboxes(bench, count); }),
      Measure("entries, packed", {10'000, 30'000, 100'000, 300'000, 1'000'000}, runs,
              [&](int count) { return TimePackedEntries(bench.stub, static_cast<uint32_t>(count)) / 1000; })};
  std::ofstream out(file);
  out << Plot("how many", "milliseconds in all", curves);
  Check(out.good(), "writing " + file);
}

}  // namespace bpfrig::bench
