#include "bench/row.h"

#include <cstdio>

#include "bench/spread.h"

namespace bpfrig::bench {
void PrintRowHeader(int runs) {
  std::printf("Floor and rig in turn, %d runs each: median (least to greatest)\n", runs);
  std::printf("%-40s %-5s %25s %25s %25s  %s\n", "", "", "floor", "rig", "rig / floor", "goal");
}

void PrintRow(const Row& row, int runs) {
  std::vector<double> floors;
  std::vector<double> rigs;
  std::vector<double> ratios;
  for (int run = -1; run < runs; ++run) {
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
