// Front: the whole process: it wires the parts, probes the kernel, serves until it is told to end, and takes
// all of it down again. Made by main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/fd.h"
#include "daemon/front/call_threads.h"
#include "daemon/front/connection_acceptor.h"
#include "daemon/front/event.h"
#include "daemon/front/kernel_info.h"
#include "daemon/front/relay.h"
#include "daemon/front/sandbox_registry.h"
#include "daemon/front/server.h"
#include "daemon/front/service.h"
#include "daemon/front/supervisor_link.h"

namespace bpfrig::front {

struct FrontOptions {
  uint32_t max_sandboxes = 64;
  // For calls whose client gave none.
  absl::Duration default_deadline = absl::Seconds(60);
};

class Front {
 public:
  // `listener` is bound and listens; `control` is the socket to the supervisor.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Front>> Start(const FrontOptions& options,
                                                                    base::Fd listener, base::Fd control);
  // Ends what Run() has not.
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Serves until one of the two descriptors can be read or is at its end, or the supervisor is gone; then
  // shuts down. An error is one that kept it from serving.
  [[nodiscard]] absl::Status Run(int lifeline, int signals);

 private:
  Front(const FrontOptions& options, base::Fd control, Event supervisor_gone, Event probed);

  // On a call thread.
  void Probe();
  // Once the probe is over.
  [[nodiscard]] absl::Status BeReady();
  void Shutdown();

  Event supervisor_gone_;
  Event probed_;
  SupervisorLink link_;
  SandboxRegistry registry_;
  CallThreads threads_;
  KernelInfo kernel_info_;
  const RelayEnvironment environment_;
  Service service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

}  // namespace bpfrig::front
