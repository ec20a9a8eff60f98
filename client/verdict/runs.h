// How often programs ran in a step: against what the plan expects, and for the report of a step that failed.
#pragma once

#include <string>

#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// `before` and `after` are the counts around the step, with all its repetitions.
[[nodiscard]] Differences CompareRuns(const plan::Step& step, const bpfrig::v1::CountRunsResponse& before,
                                      const bpfrig::v1::CountRunsResponse& after);

// "programs that ran in this step: o/connect4 (1)", of counts right after the step. Empty if no program is
// loaded, or if none ran and the step is not about sockets.
[[nodiscard]] std::string DescribeRuns(const plan::Step& step, const bpfrig::v1::CountRunsResponse& counts);

}  // namespace bpfrig::client::verdict
