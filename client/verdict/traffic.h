// Answers of connect, send and receive against what a plan expects. Their handlers in run/ call it.
#pragma once

#include <chrono>
#include <set>
#include <string>

#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// One connection.
[[nodiscard]] Differences CompareConnect(const plan::ConnectStep& step, const plan::Mark& mark,
                                         const bpfrig::v1::ConnectResponse& response);
// `servers`, over all repetitions; an empty name is a connection that no server accepted.
[[nodiscard]] Differences CompareServers(const plan::ConnectStep& step, const std::set<std::string>& reached);

[[nodiscard]] Differences CompareSend(const plan::SendStep& step, const plan::Mark& mark,
                                      const bpfrig::v1::SendResponse& response);

// `response` has all bytes that were received for the step so far, and otherwise the last answer.
[[nodiscard]] Differences CompareReceive(const plan::ReceiveStep& step, const plan::Mark& mark,
                                         const bpfrig::v1::ReceiveResponse& response);

}  // namespace bpfrig::client::verdict
