// A call that failed, or should have, against what its step expects of that: the reason and the errno.
#pragma once

#include "bpfrig/v1/error.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// Whether the step passes only if its call fails.
[[nodiscard]] bool MustFail(const plan::Step& step);
// Whether the step can pass if its call fails.
[[nodiscard]] bool MayFail(const plan::Step& step);

// `detail` is null if the call succeeded. Nothing differs if the step expects nothing of an error.
[[nodiscard]] Differences CompareCallError(const plan::Step& step, const bpfrig::v1::ErrorDetail* detail);

// The differences of CompareCallError() and those of the answer together. An object that the kernel refused
// is an answer: where the plan expects the call to fail instead, both would say the same, and neither how to
// expect it.
[[nodiscard]] Differences JoinDifferences(const plan::Step& step, Differences of_failure,
                                          Differences of_answer);

}  // namespace bpfrig::client::verdict
