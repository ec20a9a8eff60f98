#include "bench/mutants.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench/check.h"
#include "bench/client_process.h"
#include "bench/phases.h"
#include "bench/spread.h"

namespace bpfrig::bench {
MutantTimes MeasureMutants(const std::string& target, int runs) {
  char report[] = "/tmp/bpfrig-bench-XXXXXX";
  const int file = ::mkstemp(report);
  Check(file >= 0, "making a temporary file");
  ::close(file);
  MutantTimes times;
  std::vector<double> command;
  std::vector<double> mutants;
  for (int run = 0; run < runs; ++run) {
    Stopwatch watch;
    RunClient({"mutate", "--target", target, "--json", report, "-I", BPFRIG_BPF_OBJECTS,
               BPFRIG_SOURCE "/plans/mesh/sendmsg.yaml"});
    command.push_back(watch.Lap() / 1e6);
    const auto json = nlohmann::json::parse(std::ifstream(report));
    times.mutants = json.at("mutants").size();
    mutants.push_back(json.at("duration_ms").get<double>() / 1e3);
  }
  ::unlink(report);
  times.command_seconds = Median(command);
  times.mutants_seconds = Median(mutants);
  return times;
}

}  // namespace bpfrig::bench
