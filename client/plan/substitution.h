// `each:` rows and `${name}`: rewrites a test's nodes for one row, before anything in them is typed. The plan
// reader calls it once per row.
#pragma once

#include "client/plan/node.h"
#include "client/plan/problem.h"

namespace bpfrig::client::plan {

// The tree with every `${name}` replaced from `row`, a mapping, or null if the test has no `each:`.
// A string that is nothing but `${name}` becomes the row's node as it is; it keeps a tag of its own.
[[nodiscard]] NodePtr Substitute(const NodePtr& node, const NodePtr& row, Problems& problems);

}  // namespace bpfrig::client::plan
