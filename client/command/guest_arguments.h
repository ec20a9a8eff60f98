// The command line of a run elsewhere: ours, without what only concerns this end of it.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::client::command {

// `arguments` are those after the program's name, as they were given. The run writes its report to `report`.
[[nodiscard]] std::vector<std::string> GuestArguments(const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      const std::string& report);

}  // namespace bpfrig::client::command
