// What compose.yaml says of the daemon's container, so that no test repeats it.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::tests {

// The capabilities: "SYS_ADMIN", ...
[[nodiscard]] std::vector<std::string> ComposeCapabilities();

// As options of `docker run`: capabilities except `without`, security options, and no network.
[[nodiscard]] std::vector<std::string> ComposeOptions(const std::string& without = "");

}  // namespace bpfrig::tests
