// Dial: the dialling half of Connect: a socket, bound if asked, and connected within a deadline.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/traffic/endpoint.h"
#include "daemon/worker/traffic/open_socket.h"
#include "daemon/worker/traffic/socket_facts.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

// The socket to dial with, and where to.
struct DialPlan {
  SocketSetup setup;
  Endpoint to;
};

// Reads `to`, `from` and `transport`, without the options; errors have their path.
[[nodiscard]] absl::StatusOr<DialPlan> ParseDialPlan(const bpfrig::v1::ConnectRequest& request);

struct DialResult {
  // Connected. Not open if it did not come to that.
  common::Fd descriptor;
  // The errno of what failed, ETIMEDOUT at the deadline.
  int error = 0;
  bool cancelled = false;
};

// Dials; `done` runs once, perhaps before this returns.
void Dial(Loop& loop, const CallPtr& call, const DialPlan& plan, const SocketInspector& inspector,
          Clock::time_point deadline, std::function<void(DialResult)> done);

// The end of a stream that was dialled so.
[[nodiscard]] std::shared_ptr<StreamEnd> StartDialled(Loop& loop, common::Fd descriptor, SocketKind kind,
                                                      const SocketFacts& facts, size_t receive_limit);

}  // namespace bpfrig::worker
