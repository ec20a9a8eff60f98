#include "daemon/front/front.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/sandbox_life.h"

namespace bpfrig::front {
namespace {

// Far more than a client has a use for; each costs a thread and a socket.
constexpr size_t kMaxCalls = 512;
// Slow machines need seconds (emulated ones); a worker that needs more will not do.
constexpr absl::Duration kProbeTime = absl::Seconds(30);
// For leases to say that the daemon shuts down, and calls that they were aborted.
constexpr absl::Duration kShutdownTime = absl::Seconds(1);

}  // namespace

Front::Front(const FrontOptions& options, base::Fd control, Event supervisor_gone, Event probed)
    : supervisor_gone_(std::move(supervisor_gone)),
      probed_(std::move(probed)),
      link_(std::move(control), [this] { supervisor_gone_.Signal(); }),
      registry_(link_, options.max_sandboxes),
      threads_(kMaxCalls),
      environment_{.registry = registry_, .threads = threads_, .default_deadline = options.default_deadline},
      service_(environment_, kernel_info_) {}

absl::StatusOr<std::unique_ptr<Front>> Front::Start(const FrontOptions& options, base::Fd listener,
                                                    base::Fd control) {
  BPFRIG_ASSIGN_OR_RETURN(Event supervisor_gone, Event::Create());
  BPFRIG_ASSIGN_OR_RETURN(Event probed, Event::Create());
  std::unique_ptr<Front> front(
      new Front(options, std::move(control), std::move(supervisor_gone), std::move(probed)));
  BPFRIG_ASSIGN_OR_RETURN(front->server_, Server::Start(front->service_));
  BPFRIG_RETURN_IF_ERROR(front->threads_.Start([raw = front.get()] { raw->Probe(); }));
  Server& server = *front->server_;
  BPFRIG_ASSIGN_OR_RETURN(front->acceptor_,
                          ConnectionAcceptor::Start(std::move(listener), [&server](base::Fd client) {
                            server.AddConnection(std::move(client));
                          }));
  return front;
}

Front::~Front() { Shutdown(); }

absl::Status Front::Run(int lifeline, int signals) {
  absl::StatusOr<size_t> ready =
      WaitForAny({lifeline, signals, supervisor_gone_.Get(), probed_.Get()}, absl::InfiniteFuture());
  if (ready.ok() && *ready == 3) {
    BPFRIG_RETURN_IF_ERROR(BeReady());
    ready = WaitForAny({lifeline, signals, supervisor_gone_.Get()}, absl::InfiniteFuture());
  }
  base::LogInfo("shutting down");
  Shutdown();
  return ready.status();
}

void Front::Probe() {
  kernel_info_.Set(ProbeInfo(registry_, absl::Now() + kProbeTime));
  probed_.Signal();
}

absl::Status Front::BeReady() {
  const absl::Status probed = kernel_info_.Get(absl::Now()).status();
  if (!probed.ok()) {
    return base::WithDetail(
        absl::Status(probed.code(), absl::StrCat("probing the kernel: ", probed.message())),
        base::DetailOf(probed));
  }
  server_->SetServing(true);
  return link_.SendReady();
}

void Front::Shutdown() {
  acceptor_.reset();
  if (server_) server_->SetServing(false);
  registry_.EndAll();
  // All workers are told to end; from here on nobody waits for the supervisor, and nothing calls the registry
  // that is about to go.
  link_.Stop();
  if (server_) server_->Shutdown(absl::Now() + kShutdownTime);
  threads_.JoinAll();
}

}  // namespace bpfrig::front
