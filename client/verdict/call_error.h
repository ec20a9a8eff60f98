// A call that failed, or should have, against what its step expects of that: the reason and the errno.
#pragma once

#include "bpfrig/v1/error.pb.h"
#include "client/plan/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// Whether the step passes only if its call fails.
[[nodiscard]] bool MustFail(const plan::Step& step);
// Whether the step can pass if its call fails.
[[nodiscard]] bool MayFail(const plan::Step& step);

// `detail` is null if the call succeeded. Nothing differs if the step expects nothing of an error.
[[nodiscard]] Differences CompareCallError(const plan::Step& step, const bpfrig::v1::ErrorDetail* detail);

}  // namespace bpfrig::client::verdict
