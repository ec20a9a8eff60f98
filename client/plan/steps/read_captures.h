// Reads `capture:` of a step: names for parts of its answer, which later steps may use as `${name}`.
#pragma once

#include <vector>

#include "client/plan/steps/step.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Of a step that is read but for this.
[[nodiscard]] std::vector<Capture> ReadCaptures(const NodePtr& node, const Step& step, Problems& problems);

}  // namespace bpfrig::client::plan
