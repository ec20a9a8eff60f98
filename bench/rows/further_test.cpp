#include "bench/row.h"
#include "bench/test_plan.h"

namespace bpfrig::bench {
namespace {

constexpr int kTests = 60;

Row FurtherTestRow(const Bench& bench, const std::string& jobs, const std::string& goal) {
  return {.name = "a further test of a plan, -j " + jobs,
          .unit = "ms",
          .goal = goal,
          .floor = nullptr,
          .rig = [&bench, jobs] {
            const double one = TimePlan(bench.target, 1, jobs);
            return (TimePlan(bench.target, 1 + kTests, jobs) - one) / kTests;
          }};
}

}  // namespace

std::vector<Row> FurtherTestRows(const Bench& bench) {
  return {FurtherTestRow(bench, "1", "<= 7 ms"), FurtherTestRow(bench, "2", "<= 4.5 ms")};
}

}  // namespace bpfrig::bench
