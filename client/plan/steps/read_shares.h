// Reads `shares`, what a repeated step must have answered over all its runs: of how many of them each value
// of a field is. The step reader calls it.
#pragma once

#include <vector>

#include "client/plan/steps/step.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// `node` is what stands under `shares`; the call is read already, with what is expected of each run.
[[nodiscard]] std::vector<SharesExpectation> ReadShares(const NodePtr& node, const Call& call,
                                                        Problems& problems);

}  // namespace bpfrig::client::plan
