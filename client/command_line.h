// What the command line says: the command, and its options. main parses it here and calls the command.
#pragma once

#include <string>
#include <variant>

#include "client/command/options.h"

namespace bpfrig::client {

// The options of all commands; only one command's are used.
struct CommandLine {
  std::string command;
  command::RunOptions run;
  bool list = false;
  command::MutateOptions mutate;
  command::CheckOptions check;
  command::DaemonOptions info;
  command::HealthOptions health;
  command::DaemonCommandOptions doctor;
  command::DaemonCommandOptions describe;
  // "list", "fetch", "remove"; the last two have some.
  std::string kernels_command;
  std::string kernels;
};

// The exit code if there is nothing left to do: help was asked for, or something is wrong; it is printed
// then.
[[nodiscard]] std::variant<CommandLine, int> ParseCommandLine(int argc, char** argv);

}  // namespace bpfrig::client
