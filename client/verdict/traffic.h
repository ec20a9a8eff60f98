// What of connect, send and receive is judged beside the fields of their answers. Their handlers in run/ call
// it.
#pragma once

#include <set>
#include <string>

#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// One connection.
[[nodiscard]] Differences CompareConnect(const plan::Call& call, const plan::Mark& mark,
                                         const bpfrig::v1::ConnectResponse& response);
// `servers`, over all repetitions; an empty name is a connection that no server accepted.
[[nodiscard]] Differences CompareServers(const plan::ConnectShape& shape,
                                         const std::set<std::string>& reached);

[[nodiscard]] Differences CompareSend(const plan::Call& call, const plan::Mark& mark,
                                      const bpfrig::v1::SendResponse& response);

// `response` has all bytes of a stream that were received for the step so far, and otherwise the last answer.
[[nodiscard]] Differences CompareReceive(const plan::Call& call, const plan::Mark& mark,
                                         const bpfrig::v1::ReceiveResponse& response);

}  // namespace bpfrig::client::verdict
