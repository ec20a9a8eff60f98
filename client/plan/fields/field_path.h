// From a field's path in a request, as errors carry it ("attach[1].program"), to what the plan has for it.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/strings/string_view.h"
#include "client/plan/yaml/node.h"

namespace bpfrig::client::plan {

// The node below `root`, a mapping that `type` was read from, as deep as the plan has it. `type` is null for
// a value.
[[nodiscard]] NodePtr WalkPath(const NodePtr& root, const google::protobuf::Descriptor* type,
                               absl::string_view path);

// The same path in the plan's words: "connection" for "from.connection".
[[nodiscard]] std::string PlanPath(const google::protobuf::Descriptor* type, absl::string_view path);

}  // namespace bpfrig::client::plan
