#include "daemon/front/front.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/remote/guarded_credentials.h"
#include "daemon/front/sandboxes/sandbox_life.h"

namespace bpfrig::front {
namespace {

// Far more than a client has a use for; each costs a thread and a socket.
constexpr size_t kMaxCalls = 512;
// Slow machines need seconds (emulated ones); a worker that needs more will not do.
constexpr absl::Duration kProbeTime = absl::Seconds(30);
// For leases to say that the daemon shuts down, and calls that they were aborted.
constexpr absl::Duration kShutdownTime = absl::Seconds(1);
// The supervisor sends them when it has started us.
constexpr absl::Duration kCredentialsTime = absl::Seconds(10);

// To what is wrong with the machine, as a rule.
absl::Status NameDoctor(const absl::Status& status) {
  base::ErrorDetail detail = base::DetailOf(status);
  absl::StrAppend(&detail.hint, detail.hint.empty() ? "" : "; ",
                  "`bpfrigd doctor` with the same options says what is missing");
  return base::WithDetail(status, detail);
}

}  // namespace

Front::Front(const FrontOptions& options, common::Fd control, Event supervisor_gone, Event probed)
    : supervisor_gone_(std::move(supervisor_gone)),
      probed_(std::move(probed)),
      link_(
          std::move(control),
          [this](const internal::v1::Credentials& credentials) { remote_.Take(credentials); },
          [this] { supervisor_gone_.Signal(); }),
      registry_(link_, options.max_sandboxes),
      threads_(kMaxCalls),
      environment_{.registry = registry_, .threads = threads_, .default_deadline = options.default_deadline},
      service_(MakeService(environment_, kernel_info_)) {}

absl::StatusOr<std::unique_ptr<Front>> Front::Start(const FrontOptions& options, FrontSockets sockets) {
  BPFRIG_ASSIGN_OR_RETURN(Event supervisor_gone, Event::Create());
  BPFRIG_ASSIGN_OR_RETURN(Event probed, Event::Create());
  std::unique_ptr<Front> front(
      new Front(options, std::move(sockets.control), std::move(supervisor_gone), std::move(probed)));
  BPFRIG_RETURN_IF_ERROR(front->StartServer(std::move(sockets)));
  return front;
}

absl::Status Front::StartServer(FrontSockets sockets) {
  std::shared_ptr<grpc::ServerCredentials> remote;
  if (sockets.tcp_listener.IsOpen()) {
    BPFRIG_RETURN_IF_ERROR(remote_.AwaitFirst(absl::Now() + kCredentialsTime));
    remote = std::make_shared<GuardedCredentials>(remote_);
  }
  BPFRIG_ASSIGN_OR_RETURN(server_, Server::Start(*service_, remote));
  BPFRIG_RETURN_IF_ERROR(threads_.Start([this] { Probe(); }));
  BPFRIG_ASSIGN_OR_RETURN(acceptor_,
                          ConnectionAcceptor::Start(std::move(sockets.listener), [this](common::Fd client) {
                            server_->AddConnection(std::move(client));
                          }));
  if (!remote) return absl::OkStatus();
  BPFRIG_ASSIGN_OR_RETURN(
      tcp_acceptor_, ConnectionAcceptor::Start(std::move(sockets.tcp_listener), [this](common::Fd client) {
        server_->AddRemoteConnection(std::move(client));
      }));
  return absl::OkStatus();
}

Front::~Front() { Shutdown(); }

absl::Status Front::Run(int lifeline, int signals) {
  absl::StatusOr<int> ready =
      WaitForAny({lifeline, signals, supervisor_gone_.Get(), probed_.Get()}, absl::InfiniteFuture());
  if (ready.ok() && *ready == probed_.Get()) {
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
    return NameDoctor(
        base::WithDetail(absl::Status(probed.code(), absl::StrCat("probing the kernel: ", probed.message())),
                         base::DetailOf(probed)));
  }
  server_->SetServing(true);
  return link_.SendReady();
}

void Front::Shutdown() {
  acceptor_.reset();
  tcp_acceptor_.reset();
  if (server_) server_->SetServing(false);
  registry_.EndAll();
  // All workers are told to end; from here on nobody waits for the supervisor, and nothing calls the registry
  // that is about to go.
  link_.Stop();
  if (server_) server_->Shutdown(absl::Now() + kShutdownTime);
  threads_.JoinAll();
}

}  // namespace bpfrig::front
