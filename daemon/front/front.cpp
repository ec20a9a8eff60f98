#include "daemon/front/front.h"

#include <grpcpp/impl/service_type.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/remote/guarded_credentials.h"
#include "daemon/front/sandboxes/sandbox_life.h"

namespace bpfrig::front {
namespace {

// Threads beside those of calls and of sandboxes that open or close: the probe, and what has just ended.
constexpr size_t kSpareThreads = 64;
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

size_t MaxThreads(const ipc::FrontLimits& limits) {
  return limits.max_calls + 2 * size_t{limits.max_sandboxes} + kSpareThreads;
}

// As many as one caller has a use for: a call whose message has not come costs some kilobytes, and is not
// counted yet.
int MaxStreams(const ipc::FrontLimits& limits) {
  return static_cast<int>(limits.max_calls + limits.max_sandboxes + kSpareThreads);
}

SharesRule SandboxRule(const ipc::FrontLimits& limits) {
  return {.action = "opening a sandbox",
          .what = "sandboxes open",
          .all = limits.max_sandboxes,
          .each = ipc::PerCaller(limits.max_sandboxes, limits.max_sandboxes_per_caller),
          .all_flag = ipc::kMaxSandboxesFlag,
          .each_flag = ipc::kMaxSandboxesPerCallerFlag};
}

SharesRule CallRule(const ipc::FrontLimits& limits) {
  return {.action = "starting a call",
          .what = "calls under way",
          .all = limits.max_calls,
          .each = ipc::PerCaller(limits.max_calls, limits.max_calls_per_caller),
          .all_flag = ipc::kMaxCallsFlag,
          .each_flag = ipc::kMaxCallsPerCallerFlag};
}

SharesRule RequestRule(const ipc::FrontLimits& limits) {
  constexpr uint64_t kMiB = 1024 * 1024;
  return {.action = "starting a call",
          .what = "MiB of requests under way",
          .all = limits.max_request_memory * kMiB,
          .each = ipc::PerCaller(limits.max_request_memory, limits.max_request_memory_per_caller) * kMiB,
          .all_flag = ipc::kMaxRequestMemoryFlag,
          .each_flag = ipc::kMaxRequestMemoryPerCallerFlag,
          .unit = kMiB};
}

SharesRule ConnectionRule(const ipc::FrontLimits& limits) {
  return {.action = "taking a connection",
          .what = "connections",
          .all = limits.max_connections,
          .each = ipc::PerCaller(limits.max_connections, limits.max_connections_per_caller),
          .all_flag = ipc::kMaxConnectionsFlag,
          .each_flag = ipc::kMaxConnectionsPerCallerFlag};
}

}  // namespace

Front::Front(const FrontOptions& options, common::Fd control, Event supervisor_gone, Event probed)
    : options_(options),
      supervisor_gone_(std::move(supervisor_gone)),
      probed_(std::move(probed)),
      sandbox_shares_(SandboxRule(options.limits)),
      call_shares_(CallRule(options.limits)),
      request_shares_(RequestRule(options.limits)),
      connection_shares_(ConnectionRule(options.limits)),
      link_(
          std::move(control),
          [this](const internal::v1::Credentials& credentials) { remote_.Take(credentials); },
          [this] { supervisor_gone_.Signal(); }),
      spares_(link_, options.limits.spare_sandboxes),
      registry_(link_, spares_, options.limits.max_sandboxes),
      threads_(MaxThreads(options.limits)),
      environment_{
          .registry = registry_,
          .threads = threads_,
          .shares = {.sandboxes = sandbox_shares_, .calls = call_shares_, .requests = request_shares_},
          .caller_of = [this](const grpc::CallbackServerContext& context) { return callers_->Of(context); },
          .arrived = [this](const grpc::CallbackServerContext& context,
                            uint64_t bytes) { callers_->Arrived(context, bytes); },
          .default_deadline = options.default_deadline},
      service_(MakeService(environment_, kernel_info_)) {}

absl::StatusOr<std::unique_ptr<Front>> Front::Start(const FrontOptions& options, FrontSockets sockets) {
  BPFRIG_ASSIGN_OR_RETURN(Event supervisor_gone, Event::Create());
  BPFRIG_ASSIGN_OR_RETURN(Event probed, Event::Create());
  std::unique_ptr<Front> front(
      new Front(options, std::move(sockets.control), std::move(supervisor_gone), std::move(probed)));
  BPFRIG_RETURN_IF_ERROR(front->StartServer(std::move(sockets)));
  return front;
}

absl::Status Front::StartConnections() {
  const ConnectionRules rules{.max_silent = options_.limits.max_unauthorised_connections,
                              .patience = options_.silence,
                              .max_held_calls = 2 * static_cast<size_t>(MaxStreams(options_.limits)),
                              .max_arriving_bytes = uint64_t{options_.limits.max_connection_memory} << 20};
  BPFRIG_ASSIGN_OR_RETURN(connections_, Connections::Start(rules, connection_shares_));
  callers_ = std::make_unique<Callers>(*connections_, remote_);
  return absl::OkStatus();
}

void Front::Take(common::Fd client, const NewConnection& connection) {
  const absl::Status added = connections_->Add(client.Get(), connection);
  if (!added.ok()) return base::LogWarning(absl::StrCat(connection.from, ": ", added.message()));
  connection.door == Door::kUnix ? server_->AddConnection(std::move(client))
                                 : server_->AddRemoteConnection(std::move(client));
}

absl::Status Front::StartServer(FrontSockets sockets) {
  std::shared_ptr<grpc::ServerCredentials> remote;
  if (sockets.tcp_listener.IsOpen()) {
    BPFRIG_RETURN_IF_ERROR(remote_.AwaitFirst(absl::Now() + kCredentialsTime));
    remote = std::make_shared<GuardedCredentials>(remote_);
  }
  BPFRIG_RETURN_IF_ERROR(StartConnections());
  BPFRIG_ASSIGN_OR_RETURN(server_, Server::Start(*service_, *callers_, remote, MaxStreams(options_.limits)));
  BPFRIG_RETURN_IF_ERROR(threads_.Start([this] { Probe(); }));
  const auto take = [this](common::Fd client, const NewConnection& connection) {
    Take(std::move(client), connection);
  };
  BPFRIG_ASSIGN_OR_RETURN(acceptor_, ConnectionAcceptor::Start(std::move(sockets.listener), take));
  if (!remote) return absl::OkStatus();
  BPFRIG_ASSIGN_OR_RETURN(tcp_acceptor_, ConnectionAcceptor::Start(std::move(sockets.tcp_listener), take));
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
  spares_.Start();
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
  spares_.Stop();
  if (server_) server_->Shutdown(absl::Now() + kShutdownTime);
  threads_.JoinAll();
}

}  // namespace bpfrig::front
