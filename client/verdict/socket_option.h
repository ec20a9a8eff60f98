// A socket option's value that BTF types against what a plan expects. The getsockopt handler of run/ calls
// it.
#pragma once

#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// `response` has one encoded pattern for each that the request has.
[[nodiscard]] Differences CompareSocketOption(const plan::Call& call, const plan::SocketOptionShape& shape,
                                              const plan::Mark& mark,
                                              const bpfrig::v1::GetSocketOptionResponse& response);

}  // namespace bpfrig::client::verdict
