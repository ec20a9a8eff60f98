// Reads YAML text into nodes, with what yaml-cpp lets pass made an error: keys given twice, keys that are no
// scalars, a second document, an unquoted IPv6 address that YAML takes for a mapping. The only file that
// knows yaml-cpp. The plan reader calls it.
#pragma once

#include <memory>
#include <string>

#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Null if the text is no YAML at all; then, and wherever else something is wrong, `problems` has it.
[[nodiscard]] NodePtr ReadYaml(const std::string& text, const std::shared_ptr<const std::string>& file,
                               Problems& problems);

}  // namespace bpfrig::client::plan
