// Reads one step: its call, and `expect`, `within`, `capture` and what else may stand beside it. The steps
// are the service's calls, found by their requests' `step` option; a call needs nothing here. One whose step
// has a shape of its own has its reader in shapes.h.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/steps/step.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// The plan's `objects:`, as the files' bytes.
using Objects = std::map<std::string, std::shared_ptr<const std::string>>;

// The call that a step of that name is; null if there is none.
[[nodiscard]] const google::protobuf::MethodDescriptor* FindCall(absl::string_view name);

// Reasons that a call can be expected to fail for; the others are the rig's own failures.
[[nodiscard]] std::vector<std::string> ExpectableReasons();

[[nodiscard]] Step ReadStep(const NodePtr& node, const Objects& objects, Problems& problems);

}  // namespace bpfrig::client::plan
