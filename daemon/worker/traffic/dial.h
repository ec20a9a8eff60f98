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

// A dial that has begun.
struct BegunDial {
  // Not open if there was no socket to be had.
  common::Fd descriptor;
  // 0 if it is connected, EINPROGRESS if that takes longer, otherwise the errno of what failed.
  int error = 0;
};

// Makes the socket, and begins to connect it.
[[nodiscard]] BegunDial DialNow(const DialPlan& plan, const SocketInspector& inspector);

struct DialResult {
  // Connected. Not open if it did not come to that.
  common::Fd descriptor;
  // The errno of what failed, ETIMEDOUT at the deadline.
  int error = 0;
  bool cancelled = false;
};

// Waits for what becomes of the dial; `done` runs once, perhaps before this returns.
void AwaitDial(Loop& loop, const CallPtr& call, BegunDial begun, const Endpoint& to,
               Clock::time_point deadline, std::function<void(DialResult)> done);

// The end of a stream that was dialled so.
[[nodiscard]] std::shared_ptr<StreamEnd> StartDialled(Loop& loop, common::Fd descriptor, SocketKind kind,
                                                      const SocketFacts& facts, size_t receive_limit);

}  // namespace bpfrig::worker
