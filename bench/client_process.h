// The programs of this build, and the client as a user runs it.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::bench {

// The path of the program of that name next to this executable.
[[nodiscard]] std::string Binary(const std::string& name);
// Runs the bpfrig next to this executable, without its output; exits if it fails.
void RunClient(std::vector<std::string> arguments);

}  // namespace bpfrig::bench
