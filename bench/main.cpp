// `./dev bench`: the rig against bare programs that do the same, the two in turn: the table of
// docs/performance.md (rows in bench/rows); of one connect4 test, where the rig's extra time goes; what a
// step costs beyond its system calls; how fast maps and ring buffers are written and read; and how many
// mutants a second `bpfrig mutate` tries. The figures are reported, never judged: machines differ, so look at
// the ratios within one run.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/bare.h"
#include "bench/bulk.h"
#include "bench/echo_server.h"
#include "bench/growth.h"
#include "bench/mutants.h"
#include "bench/rig.h"
#include "bench/row.h"
#include "bench/spread.h"
#include "bench/steps.h"

namespace bpfrig::bench {
namespace {

double Total(const Times& times) {
  double total = 0;
  for (const double time : times) total += time;
  return total;
}

double MedianPhase(const std::vector<Times>& runs, size_t phase) {
  std::vector<double> values;
  for (const Times& run : runs) values.push_back(run[phase]);
  return Median(values);
}

// The rows whose name has `part`.
void PrintTable(const Bench& bench, int runs, const std::string& part) {
  std::vector<Row> rows = FurtherTestRows(bench);
  rows.insert(rows.begin(), Connect4TestRow(bench));
  rows.push_back(OpenAndCloseRow(bench));
  rows.push_back(RepeatedConnectsRow(bench));
  rows.push_back(PacketsRow(bench));
  rows.push_back(SendRow(bench));
  PrintRowHeader(runs);
  for (const Row& row : rows) {
    if (row.name.find(part) != std::string::npos) PrintRow(row, runs);
  }
}

void Report(const std::vector<Times>& bare, const std::vector<Times>& rig) {
  std::printf("\nOne connect4 test, medians of %zu runs each, in milliseconds:\n", bare.size());
  std::printf("%-10s %8s %8s %8s\n", "", "bare", "rig", "extra");
  for (size_t phase = 0; phase < kPhaseCount; ++phase) {
    const double bare_ms = MedianPhase(bare, phase) / 1000;
    const double rig_ms = MedianPhase(rig, phase) / 1000;
    std::printf("%-10s %8.2f %8.2f %+8.2f\n", kPhaseNames[phase], bare_ms, rig_ms, rig_ms - bare_ms);
  }
  std::vector<double> bare_totals;
  std::vector<double> rig_totals;
  std::vector<double> ratios;
  for (size_t run = 0; run < bare.size(); ++run) {
    bare_totals.push_back(Total(bare[run]));
    rig_totals.push_back(Total(rig[run]));
    ratios.push_back(rig_totals.back() / bare_totals.back());
  }
  const double bare_ms = Median(bare_totals) / 1000;
  const double rig_ms = Median(rig_totals) / 1000;
  std::printf("%-10s %8.2f %8.2f %+8.2f\n", "total", bare_ms, rig_ms, rig_ms - bare_ms);
  const Spread ratio = SpreadOf(ratios);
  std::printf("ratio rig / bare, pair by pair: %.2f (median), %.2f to %.2f\n", ratio.median, ratio.least,
              ratio.greatest);
}

void Report(const StepTimes& steps) {
  std::printf("\nOne datagram, medians in microseconds; a call that does nothing takes %.0f:\n", steps.call);
  std::printf("%-10s %8s %8s %24s\n", "", "bare", "rig", "rig / (2 x bare + call)");
  const auto row = [&](const char* name, double bare, double rig) {
    std::printf("%-10s %8.1f %8.1f %24.2f\n", name, bare, rig, rig / (2 * bare + steps.call));
  };
  row("send", steps.bare_send, steps.send);
  row("receive", steps.bare_receive, steps.receive);
}

void Report(const MutantTimes& times) {
  std::printf(
      "\n`bpfrig mutate` with the plan of sendmsg: %zu mutants in %.1f s, %.1f mutants/s; %.1f s in all\n",
      times.mutants, times.mutants_seconds, static_cast<double>(times.mutants) / times.mutants_seconds,
      times.command_seconds);
}

}  // namespace
}  // namespace bpfrig::bench

int main(int argc, char** argv) {
  using namespace bpfrig;
  using namespace bpfrig::bench;
  CLI::App app("Measures the rig against bare programs that do the same.");
  std::string object = BPFRIG_BPF_OBJECTS "/cgroup_sock.bpf.o";
  app.add_option("--object", object, "the object under test")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  int runs = 30;
  app.add_option("--runs", runs, "counted runs of each")->check(CLI::Range(1, 1000))->capture_default_str();
  std::string row;
  const CLI::Option* only_rows =
      app.add_option("--row", row, "only the table's rows whose name has this text");
  std::string growth;
  const CLI::Option* only_growth =
      app.add_option("--growth", growth, "only how the rig's time grows; its plot goes to this file, as SVG")
          ->type_name("FILE")
          ->excludes("--row");
  bool only_bulk = false;
  app.add_flag("--bulk", only_bulk, "only how fast maps and ring buffers are written and read")
      ->excludes("--row")
      ->excludes("--growth");
  CLI11_PARSE(app, argc, argv);

  // Both before anything of gRPC.
  const ServerProcess daemon = StartPrivateDaemon();
  const ServerProcess echo = StartEchoServer();
  const std::unique_ptr<v1::BpfRig::Stub> stub =
      v1::BpfRig::NewStub(grpc::CreateChannel(daemon.Target(), grpc::InsecureChannelCredentials()));
  const Bench bench{daemon.Target(), echo.Target(), *stub, object, ReadObject(object)};
  if (!only_growth->empty()) {
    MeasureGrowth(bench, runs, growth);
    return 0;
  }
  if (only_bulk) {
    MeasureBulk(*stub, runs);
    return 0;
  }
  PrintTable(bench, runs, row);
  if (!only_rows->empty()) return 0;

  std::vector<Times> bare_times;
  std::vector<Times> rig_times;
  constexpr int kWarmUpRuns = 3;
  for (int run = -kWarmUpRuns; run < runs; ++run) {
    const Times bare_run = RunBareTest(object);
    const Times rig_run = RunRigTest(*stub, bench.object);
    if (run < 0) continue;
    bare_times.push_back(bare_run);
    rig_times.push_back(rig_run);
  }
  Report(bare_times, rig_times);
  Report(MeasureSteps(*stub, runs));
  constexpr int kBulkRuns = 7;
  MeasureBulk(*stub, kBulkRuns);
  constexpr int kMutantRuns = 3;
  Report(MeasureMutants(daemon.Target(), kMutantRuns));
  return 0;
}
