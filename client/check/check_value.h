// A plan's values against the types that they will be encoded by: the members that it names, the enumerators,
// what fits. Says nothing of what only the daemon can tell.
#pragma once

#include "absl/strings/string_view.h"
#include "bpfrig/v1/value.pb.h"
#include "client/check/types.h"
#include "client/plan/fields/pattern.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::check {

// `node` is what the plan has for the value, `name` what a message calls it; empty: "the value".
void CheckValue(const TypeRef& type, absl::string_view name, const bpfrig::v1::Value& value,
                const plan::NodePtr& node, plan::Problems& problems);
// The same of an expectation, its matchers included.
void CheckPattern(const TypeRef& type, absl::string_view name, const plan::Pattern& pattern,
                  plan::Problems& problems);

}  // namespace bpfrig::client::check
