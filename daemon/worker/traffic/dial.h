// Dial: the dialling half of Connect: a socket, bound if asked, and connected within a deadline.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/traffic/data_socket.h"
#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {

struct DialPlan {
  Endpoint to;
  // Where to bind; in the family of `to`.
  std::optional<Endpoint> from;
};

// Reads `to` and `from`; errors have their path.
[[nodiscard]] absl::StatusOr<DialPlan> ParseDialPlan(const bpfrig::v1::ConnectRequest& request);

struct DialResult {
  // The connected end, which reads already; null if it did not come to that.
  std::shared_ptr<DataSocket> end;
  // The errno of what failed, ETIMEDOUT at the deadline.
  int error = 0;
  bool cancelled = false;
};

// Dials; `done` runs once, perhaps before this returns.
void Dial(Loop& loop, const CallPtr& call, const DialPlan& plan, size_t receive_limit,
          Clock::time_point deadline, std::function<void(DialResult)> done);

}  // namespace bpfrig::worker
