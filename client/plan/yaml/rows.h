// `each:` and `matrix:` of a test: the rows that it runs for.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Whether `${...}` can have the name in it: letters, digits and '_'.
[[nodiscard]] bool IsVariableName(absl::string_view name);

// Mappings of names to values: each row of `each` with each combination of the values of `matrix`. Either may
// be null; without both it is one row, null.
[[nodiscard]] std::vector<NodePtr> ReadRows(const NodePtr& each, const NodePtr& matrix, Problems& problems);

}  // namespace bpfrig::client::plan
