// The client, as a user runs it.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::bench {

// Runs the bpfrig next to this executable, without its output; exits if it fails.
void RunClient(std::vector<std::string> arguments);

}  // namespace bpfrig::bench
