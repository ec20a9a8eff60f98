// Whether global variables hold what a plan expects of them.
#pragma once

#include "bpfrig/v1/program.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// `answer` has a pattern for each of the request's.
[[nodiscard]] Differences CompareGlobals(const plan::GlobalsShape& shape,
                                         const bpfrig::v1::ReadGlobalsResponse& answer);

// What captures are taken from.
[[nodiscard]] bpfrig::v1::Value ValuesByName(const bpfrig::v1::ReadGlobalsResponse& answer);

}  // namespace bpfrig::client::verdict
