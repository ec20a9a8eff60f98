// What the environment says beside the options that have a variable of their own. main asks once, before
// there is a thread or a child.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bpfrig::client::command {

// The directories of BPFRIG_OBJECT_PATH, which has colons between them.
[[nodiscard]] std::vector<std::string> ObjectPathFromEnvironment();

// BPFRIG_TOKEN, which is then gone from the environment: no child is to have it. Nothing where it was not
// set.
[[nodiscard]] std::optional<std::string> TakeTokenFromEnvironment();

}  // namespace bpfrig::client::command
