// ConnectionAcceptor: accepts clients on one of the supervisor's listening sockets and passes them to gRPC.
// gRPC itself would bind the socket anew, and cannot say who is calling.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/front/callers/connections.h"
#include "daemon/front/sandboxes/event.h"

namespace bpfrig::front {

class ConnectionAcceptor {
 public:
  // With what is known of it.
  using OnConnection = std::function<void(common::Fd, const NewConnection&)>;

  // Accepts from now on, on a thread of its own, which also calls `on_connection`.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Start(common::Fd listener,
                                                                                 OnConnection on_connection);
  ~ConnectionAcceptor();
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

 private:
  ConnectionAcceptor(common::Fd listener, OnConnection on_connection, Event stop);

  void Run();
  // Accepts one client, if there is one.
  [[nodiscard]] absl::Status Accept();

  const common::Fd listener_;
  const OnConnection on_connection_;
  Event stop_;
  std::thread thread_;
};

}  // namespace bpfrig::front
