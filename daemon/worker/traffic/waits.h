// What the requests that wait have in common: timeouts, and conditions on what has arrived.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

// When a wait of `timeout_ms` that began at `start` ends; 0 is the default.
[[nodiscard]] Clock::time_point DeadlineOf(uint32_t timeout_ms, Clock::time_point start = Clock::now());

// LIMIT_REACHED if more is to be waited for than an end keeps, with the field `at_least`.
[[nodiscard]] absl::Status CheckCondition(const bpfrig::v1::ReceiveCondition& condition,
                                          size_t receive_limit);
// Whether a wait is over: also if the connection is, or if the end can keep no more.
[[nodiscard]] bool IsMet(const bpfrig::v1::ReceiveCondition& condition, const StreamEnd& end);

}  // namespace bpfrig::worker
