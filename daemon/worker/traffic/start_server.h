// StartServer: what Listen does, of every kind of server.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "daemon/worker/traffic/open_socket.h"
#include "daemon/worker/traffic/server.h"
#include "daemon/worker/traffic/socket_facts.h"
#include "daemon/worker/traffic/stream_server.h"

namespace bpfrig::worker {

// `on_arrival` runs when a connection was accepted, or datagrams came. KERNEL_REFUSED, with the call that
// was, and its errno.
[[nodiscard]] absl::StatusOr<std::shared_ptr<Server>> StartServer(Loop& loop, SocketSetup setup,
                                                                  const SocketInspector& inspector,
                                                                  EndSettings ends,
                                                                  std::function<void()> on_arrival);

}  // namespace bpfrig::worker
