// bpfrig: calls the command that the command line names.
#include <grpc/support/log.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/command/commands.h"
#include "client/command/environment.h"
#include "client/command_line.h"

namespace {

namespace command = bpfrig::client::command;
using bpfrig::client::CommandLine;
using bpfrig::client::daemon::Credentials;

// What the environment has besides options.
void TakeEnvironment(CommandLine& line) {
  const std::optional<std::string> token = command::TakeTokenFromEnvironment();
  for (Credentials* credentials : {&line.run.daemon.credentials, &line.mutate.daemon.credentials,
                                   &line.info.credentials, &line.health.credentials}) {
    credentials->token = token;
  }
  const std::vector<std::string> path = command::ObjectPathFromEnvironment();
  for (command::PlanOptions* plans : {&line.run.plans, &line.mutate.plans, &line.check.plans}) {
    plans->object_path.insert(plans->object_path.end(), path.begin(), path.end());
    plans->variables.environment = command::VariablesFromEnvironment();
  }
}

// Errors come back from the calls; gRPC's log of them is for people who look into gRPC.
void QuietGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

int ExecuteKernels(const CommandLine& line) {
  if (line.kernels_command == "fetch") return command::FetchKernels(line.kernels);
  if (line.kernels_command == "remove") return command::RemoveKernels(line.kernels);
  return command::ListKernels();
}

// `arguments` are those after the program's name.
int Execute(const CommandLine& line, std::vector<std::string> arguments) {
  if (line.command == "mutate") {
    return line.mutate.kernel.empty() ? command::MutatePrograms(line.mutate)
                                      : command::MutateOnKernel(line.mutate, arguments);
  }
  if (line.command == "check") return command::CheckPlans(line.check);
  if (line.command == "info") return command::PrintInfo(line.info);
  if (line.command == "health") return command::PrintHealth(line.health);
  if (line.command == "schema") return command::PrintSchema();
  if (line.command == "doctor") return command::RunDoctor(line.doctor);
  if (line.command == "describe") return command::DescribeObject(line.describe);
  if (line.command == "kernels") return ExecuteKernels(line);
  if (line.list) return command::ListTests(line.run.plans);
  return line.run.kernels.empty() ? command::RunPlans(line.run)
                                  : command::RunOnKernels(line.run, std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) {
  std::variant<CommandLine, int> parsed = bpfrig::client::ParseCommandLine(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  CommandLine& line = std::get<CommandLine>(parsed);
  TakeEnvironment(line);
  QuietGrpc();
  return Execute(line, std::vector<std::string>(argv + 1, argv + argc));
}
