// The command line of a run elsewhere: ours, without what only concerns this end of it.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::client::command {

// What a run elsewhere writes, each to a place of its own.
struct GuestOutputs {
  std::string report;
  // Instead of what --artifacts and --log-dir name; empty: not asked for.
  std::string artifacts = {};
  std::string logs = {};
};
// The options that name them.
[[nodiscard]] std::vector<std::string> OptionsOf(const GuestOutputs& outputs);

// `arguments` are those after the program's name, as they were given; `added` are options of the command.
[[nodiscard]] std::vector<std::string> GuestArguments(const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      const std::vector<std::string>& added);

}  // namespace bpfrig::client::command
