#include "bench/mutants.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "bench/check.h"
#include "bench/phases.h"

namespace bpfrig::bench {
namespace {

void RunClient(std::vector<std::string> arguments) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  arguments.insert(arguments.begin(), (self.parent_path() / "bpfrig").string());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  Check(error == 0, "starting " + arguments[0]);
  int status = 0;
  Check(::waitpid(pid, &status, 0) == pid && status == 0, "mutating sendmsg");
}

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

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
  times.command_seconds = MedianOf(std::move(command));
  times.mutants_seconds = MedianOf(std::move(mutants));
  return times;
}

}  // namespace bpfrig::bench
