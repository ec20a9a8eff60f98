// Front: the whole process: it wires the parts, probes the kernel, serves until it is told to end, and takes
// all of it down again. Made by main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"
#include "daemon/front/callers.h"
#include "daemon/front/callers/connections.h"
#include "daemon/front/connection_acceptor.h"
#include "daemon/front/remote/remote_credentials.h"
#include "daemon/front/rpc/relay.h"
#include "daemon/front/rpc/service.h"
#include "daemon/front/sandboxes/call_threads.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/front/sandboxes/kernel_info.h"
#include "daemon/front/sandboxes/sandbox_registry.h"
#include "daemon/front/sandboxes/shares.h"
#include "daemon/front/sandboxes/supervisor_link.h"
#include "daemon/front/server.h"
#include "daemon/ipc/front_limits.h"

namespace bpfrig::front {

struct FrontOptions {
  ipc::FrontLimits limits;
  // For calls whose client gave none.
  absl::Duration default_deadline = absl::Seconds(60);
  // How long a connection may be without a call that was let in.
  absl::Duration silence = absl::Seconds(10);
};

// What the supervisor passes.
struct FrontSockets {
  // Bound to the unix socket, and listens.
  common::Fd listener;
  // To the supervisor.
  common::Fd control;
  // Bound to a TCP address, and listens; not open if nobody may call over TCP.
  common::Fd tcp_listener;
};

class Front {
 public:
  // If there is a TCP listener, waits for the credentials that go with it.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Front>> Start(const FrontOptions& options,
                                                                    FrontSockets sockets);
  // Ends what Run() has not.
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Serves until one of the two descriptors can be read or is at its end, or the supervisor is gone; then
  // shuts down. An error is one that kept it from serving.
  [[nodiscard]] absl::Status Run(int lifeline, int signals);

 private:
  Front(const FrontOptions& options, common::Fd control, Event supervisor_gone, Event probed);

  [[nodiscard]] absl::Status StartConnections();
  [[nodiscard]] absl::Status StartServer(FrontSockets sockets);
  // Watches a new client, and passes it to gRPC.
  void Take(common::Fd client, const NewConnection& connection);
  // On a call thread.
  void Probe();
  // Once the probe is over.
  [[nodiscard]] absl::Status BeReady();
  void Shutdown();

  const FrontOptions options_;
  Event supervisor_gone_;
  Event probed_;
  RemoteCredentials remote_;
  // Outlive what holds a share of them.
  Shares sandbox_shares_;
  Shares call_shares_;
  Shares request_shares_;
  Shares connection_shares_;
  SupervisorLink link_;
  SpareWorkers spares_;
  SandboxRegistry registry_;
  CallThreads threads_;
  KernelInfo kernel_info_;
  const RelayEnvironment environment_;
  const std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<Callers> callers_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
  std::unique_ptr<ConnectionAcceptor> tcp_acceptor_;
};

}  // namespace bpfrig::front
