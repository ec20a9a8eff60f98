// Row: one row of the table that `./dev bench` prints: something that the rig does, against its floor, a bare
// program that does the same. Each is made by a file in bench/rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {

// What rows are measured with; it outlives them.
struct Bench {
  // A private daemon, and a bare gRPC server that answers Send (echo_server.h).
  std::string target;
  std::string echo_target;
  v1::BpfRig::Stub& stub;
  // The path of cgroup_sock.bpf.o, and what is in it.
  std::string object_path;
  std::string object;
};

struct Row {
  std::string name;
  // Of the figures: "ms", "k/s".
  std::string unit;
  // What rig / floor should be, or the rig's figure if there is no floor (docs/performance.md).
  std::string goal;
  // One run each, in `unit`; without a floor the rig alone. Both exit if something is not done as it should
  // be.
  std::function<double()> floor;
  std::function<double()> rig;
};

// Measures floor and rig in turn, so often, after one run of each that does not count, and prints the medians
// with the smallest and the largest.
void PrintRow(const Row& row, int runs);
void PrintRowHeader(int runs);

// In the order in which they are printed.
[[nodiscard]] Row Connect4TestRow(const Bench& bench);
[[nodiscard]] std::vector<Row> FurtherTestRows(const Bench& bench);
[[nodiscard]] Row OpenAndCloseRow(const Bench& bench);
[[nodiscard]] Row RepeatedConnectsRow(const Bench& bench);
[[nodiscard]] Row PacketsRow(const Bench& bench);
[[nodiscard]] Row SendRow(const Bench& bench);

}  // namespace bpfrig::bench
