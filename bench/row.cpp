#include "bench/row.h"

#include <algorithm>
#include <cstdio>

namespace bpfrig::bench {
namespace {

struct Spread {
  double least = 0;
  double median = 0;
  double greatest = 0;
};

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

}  // namespace

void PrintRowHeader(int runs) {
  std::printf(
      "Floor and rig in turn, %d runs each, of a million entries at most 5: median (least to greatest)\n",
      runs);
  std::printf("%-40s %-5s %25s %25s %25s  %s\n", "", "", "floor", "rig", "rig / floor", "goal");
}

void PrintRow(const Row& row, int runs) {
  std::vector<double> floors;
  std::vector<double> rigs;
  std::vector<double> ratios;
  for (int run = -1; run < std::min(runs, row.most_runs); ++run) {
    const double floor = row.floor ? row.floor() : 1;
    const double rig = row.rig();
    if (run < 0) continue;
    floors.push_back(floor);
    rigs.push_back(rig);
    ratios.push_back(rig / floor);
  }
  const auto print = [](const std::vector<double>& values) {
    const Spread spread = SpreadOf(values);
    char text[64];
    std::snprintf(text, sizeof(text), "%.2f (%.2f to %.2f)", spread.median, spread.least, spread.greatest);
    std::printf(" %25s", text);
  };
  std::printf("%-40s %-5s", row.name.c_str(), row.unit.c_str());
  if (row.floor) {
    print(floors);
  } else {
    std::printf(" %25s", "-");
  }
  print(rigs);
  if (row.floor) {
    print(ratios);
  } else {
    std::printf(" %25s", "-");
  }
  std::printf("  %s\n", row.goal.c_str());
  std::fflush(stdout);
}

}  // namespace bpfrig::bench
