// What the environment says besides the options that have their own variable. main asks once, before there is
// a thread or a child.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bpfrig::client::command {

// The directories of BPFRIG_OBJECT_PATH, which has colons between them.
[[nodiscard]] std::vector<std::string> ObjectPathFromEnvironment();

// NAME: value, of every BPFRIG_VAR_NAME.
[[nodiscard]] std::map<std::string, std::string> VariablesFromEnvironment();

// BPFRIG_TOKEN, which this removes from the environment: no child must have it. Nothing if it was not set.
[[nodiscard]] std::optional<std::string> TakeTokenFromEnvironment();

}  // namespace bpfrig::client::command
