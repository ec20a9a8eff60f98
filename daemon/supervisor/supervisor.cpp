#include "daemon/supervisor/supervisor.h"

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/limits.h"
#include "daemon/kernel_os/process.h"
#include "daemon/seccomp/filter.h"

namespace bpfrig::supervisor {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using internal::v1::ControlReply;
using internal::v1::ControlRequest;
using kernel_os::DescribeEnd;
using kernel_os::ProcessEnd;

// How long a front that was asked to end may take.
constexpr absl::Duration kDrainPatience = absl::Seconds(2);
// How long one that closed its channel, or broke it, may take to die by itself: its end says more than we
// can.
constexpr absl::Duration kBrokenPatience = absl::Milliseconds(500);

// Workers at once: those of the sandboxes, as many again that are dying, and some for the front's own
// questions.
size_t WorkerLimit(uint32_t max_sandboxes) {
  return std::min<size_t>(size_t{max_sandboxes} * 2 + 16, kWorkerUids);
}

int PollTimeout(absl::Time deadline) {
  if (deadline == absl::InfiniteFuture()) return -1;
  const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(1));
  return static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
}

// None if nobody may call over TCP. `first` is what the front gets to begin with.
absl::StatusOr<std::optional<CredentialFiles>> OpenCredentials(const RemoteOptions& options,
                                                               ControlReply& first) {
  BPFRIG_RETURN_IF_ERROR(CheckRemoteOptions(options));
  if (options.address.empty()) return std::nullopt;
  // From here on there are a key and a token in memory, which no core file is to have.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return ErrnoError("forbidding core files");
  BPFRIG_ASSIGN_OR_RETURN(CredentialFiles files, CredentialFiles::Open(options));
  BPFRIG_ASSIGN_OR_RETURN(*first.mutable_credentials(), files.Read());
  return files;
}

// What a round waits for, in this order; after these, one pidfd a worker, and then the sockets by which
// workers ask for map memory.
enum Source : size_t { kSignals, kLifeline, kControl, kFrontEnd, kCredentials, kFirstWorker };

pollfd ReadableFd(int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; }

}  // namespace

absl::StatusOr<Supervisor> Supervisor::Start(Options options) {
  // First of all: a signal from here on ends the daemon in order.
  BPFRIG_ASSIGN_OR_RETURN(kernel_os::SignalFd signals, kernel_os::SignalFd::Open());
  // Every worker costs a few descriptors; the usual soft limit is for those who call select().
  BPFRIG_RETURN_IF_ERROR(kernel_os::RaiseOpenFilesLimit());
  // What can be refused before anything of the machine is touched.
  ControlReply first;
  BPFRIG_ASSIGN_OR_RETURN(std::optional<CredentialFiles> credentials, OpenCredentials(options.remote, first));
  BPFRIG_ASSIGN_OR_RETURN(Host host, Host::Claim(options));
  WorkerSettings settings;
  settings.instance = host.instance.Get();
  BPFRIG_ASSIGN_OR_RETURN(settings.executable, OpenExecutable(options.worker_path));
  BPFRIG_ASSIGN_OR_RETURN(settings.filter, seccomp::MakeFilter(seccomp::RefusedToWorkers()));
  settings.first_uid = host.first_uid + 1;
  settings.limit = WorkerLimit(options.limits.max_sandboxes);
  settings.perfmon = options.perfmon;
  settings.memory = host.memory;
  settings.cgroup_limits = SandboxCgroupLimits(host.memory, host.controllers);
  settings.cgroup_obstacle = std::string(host.controllers.obstacle().message());
  settings.allow_load = options.allow_load;
  settings.runs_counted = host.run_statistics.IsOpen();
  settings.log_level = options.log_level;
  settings.log_format = options.log_format;
  BPFRIG_ASSIGN_OR_RETURN(WorkerPool workers, WorkerPool::Make(std::move(settings)));
  absl::StatusOr<FrontProcess> front = FrontProcess::Start(options, host);
  if (!front.ok()) return NameDoctor(front.status());
  if (credentials.has_value()) BPFRIG_RETURN_IF_ERROR(front->Reply(first));
  base::LogInfo(absl::StrCat("starting at ", options.address, ", cgroups in ", host.instance.path(),
                             ", user ids from ", host.first_uid));
  return Supervisor(std::move(options), std::move(signals), std::move(host), std::move(workers),
                    *std::move(front), std::move(credentials));
}

Supervisor::Supervisor(Options options, kernel_os::SignalFd signals, Host host, WorkerPool workers,
                       FrontProcess front, std::optional<CredentialFiles> credentials)
    : ready_(std::move(options.ready)),
      lifeline_(std::move(options.lifeline)),
      signals_(std::move(signals)),
      host_(std::move(host)),
      workers_(std::move(workers)),
      front_(std::move(front)),
      credentials_(std::move(credentials)) {}

absl::Status Supervisor::Run() {
  absl::Status status;
  while (status.ok() && front_.process().IsRunning()) status = PollOnce();
  const size_t left = workers_.EndAll(absl::Now() + kDyingPatience);
  if (front_.process().IsRunning())
    status.Update(front_.process().Finish(absl::Now() + kDyingPatience).status());
  status.Update(end_);
  status.Update(host_.Release(left == 0));
  if (status.ok()) base::LogInfo("ended");
  return status;
}

absl::Status Supervisor::PollOnce() {
  const std::vector<std::pair<uint64_t, int>> workers = workers_.Pidfds();
  std::vector<pollfd> fds(kFirstWorker);
  fds[kSignals] = ReadableFd(signals_.Get());
  fds[kLifeline] = ReadableFd(lifeline_.Get());
  fds[kControl] = ReadableFd(front_.control());
  fds[kFrontEnd] = ReadableFd(front_.process().pidfd());
  fds[kCredentials] = ReadableFd(credentials_.has_value() ? credentials_->watch() : -1);
  for (const auto& [number, pidfd] : workers) fds.push_back(ReadableFd(pidfd));
  const std::vector<std::pair<uint64_t, int>> asking = workers_.MapMemorySockets();
  for (const auto& [number, socket] : asking) fds.push_back(ReadableFd(socket));

  absl::Time deadline = std::min(front_deadline_, workers_.NextDeadline());
  if (credentials_.has_value()) deadline = std::min(deadline, credentials_->NextDeadline());
  if (::poll(fds.data(), fds.size(), PollTimeout(deadline)) < 0) {
    return errno == EINTR ? absl::OkStatus() : ErrnoError("polling");
  }
  // The dead first: room for new ones, and better reasons than their silence.
  for (size_t i = 0; i < workers.size(); ++i) {
    if (fds[kFirstWorker + i].revents != 0) HandleWorkerEnd(workers[i].first);
  }
  for (size_t i = 0; i < asking.size(); ++i) {
    if (fds[kFirstWorker + workers.size() + i].revents != 0) workers_.AnswerMapMemory(asking[i].first);
  }
  if (fds[kFrontEnd].revents != 0) {
    HandleFrontEnd();
    return absl::OkStatus();
  }
  if (fds[kSignals].revents != 0) HandleSignal();
  if (fds[kLifeline].revents != 0) HandleLifeline();
  if (fds[kControl].revents != 0) HandleControl();
  if (fds[kCredentials].revents != 0) credentials_->HandleChange(absl::Now());
  ReloadIfChanged();
  workers_.LogStuck(absl::Now());
  if (absl::Now() < front_deadline_) return absl::OkStatus();
  if (state_ == State::kKilled)
    return MakeError(Reason::kDeadline, "bpfrigd-front was killed and does not die");
  KillFront();
  return absl::OkStatus();
}

void Supervisor::HandleSignal() {
  const absl::StatusOr<int> signal = signals_.Read();
  if (!signal.ok()) return base::LogError(signal.status().message());
  if (*signal == SIGHUP && credentials_.has_value()) return ReloadCredentials();
  // A second signal ends it at once.
  if (state_ != State::kServing) return KillFront();
  base::LogInfo(absl::StrCat("ending on signal ", *signal));
  BeginEnd(absl::OkStatus(), kDrainPatience);
}

void Supervisor::HandleLifeline() {
  char ignored[64];
  if (TEMP_FAILURE_RETRY(::read(lifeline_.Get(), ignored, sizeof(ignored))) > 0) return;
  lifeline_.Close();
  if (state_ != State::kServing) return;
  base::LogInfo("ending with the process that started this daemon");
  BeginEnd(absl::OkStatus(), kDrainPatience);
}

void Supervisor::HandleControl() {
  if (state_ != State::kServing) return;
  const absl::StatusOr<std::vector<ControlRequest>> requests = front_.ReadRequests();
  if (!requests.ok()) return BeginEnd(requests.status(), kBrokenPatience);
  for (const ControlRequest& request : *requests) {
    const absl::Status status = HandleRequest(request);
    if (!status.ok()) return BeginEnd(status, kBrokenPatience);
  }
}

absl::Status Supervisor::HandleRequest(const ControlRequest& request) {
  switch (request.request_case()) {
    case ControlRequest::kSpawn:
      return Spawn(request.spawn());
    case ControlRequest::kKill:
      workers_.Kill(request.kill().worker());
      return absl::OkStatus();
    case ControlRequest::kReady:
      TellReady();
      return absl::OkStatus();
    case ControlRequest::REQUEST_NOT_SET:
      break;
  }
  return MakeError(Reason::kInternal, "bpfrigd-front sent a request of a kind that is not known");
}

absl::Status Supervisor::Spawn(const internal::v1::SpawnWorker& spawn) {
  const absl::StatusOr<common::Fd> channel = workers_.Spawn(spawn.worker(), spawn.open_files());
  ControlReply reply;
  if (channel.ok()) {
    base::LogDebug(absl::StrCat("worker ", spawn.worker(), " started"));
    reply.mutable_spawned()->set_worker(spawn.worker());
    return front_.Reply(reply, channel->Get());
  }
  base::LogWarning(absl::StrCat("worker ", spawn.worker(), ": ", Explain(channel.status())));
  reply.mutable_spawn_failed()->set_worker(spawn.worker());
  reply.mutable_spawn_failed()->set_code(static_cast<int>(channel.status().code()));
  reply.mutable_spawn_failed()->set_message(Explain(channel.status()));
  reply.mutable_spawn_failed()->set_field(base::DetailOf(channel.status()).field);
  return front_.Reply(reply);
}

void Supervisor::HandleWorkerEnd(uint64_t number) {
  const absl::StatusOr<ProcessEnd> end = workers_.Reap(number);
  if (!end.ok()) return base::LogError(absl::StrCat("worker ", number, ": ", end.status().message()));
  base::LogDebug(absl::StrCat("worker ", number, " ended with ", DescribeEnd(*end)));
  if (state_ != State::kServing) return;
  ControlReply reply;
  reply.mutable_exited()->set_worker(number);
  reply.mutable_exited()->set_signal(end->signal);
  reply.mutable_exited()->set_status(end->status);
  const absl::Status sent = front_.Reply(reply);
  if (!sent.ok()) BeginEnd(sent, kBrokenPatience);
}

void Supervisor::HandleFrontEnd() {
  const absl::StatusOr<ProcessEnd> end = front_.process().Finish(absl::Now() + kDyingPatience);
  const std::string how =
      absl::StrCat("bpfrigd-front ended with ", end.ok() ? DescribeEnd(*end) : end.status().message());
  const State before = std::exchange(state_, State::kFrontGone);
  if (before == State::kServing) {
    end_ = MakeError(Reason::kInternal, how);
  } else if (!end_.ok()) {
    end_ = MakeError(Reason::kInternal, absl::StrCat(end_.message(), "; ", how));
  } else if (!end.ok() || end->signal != 0 || end->status != 0) {
    base::LogWarning(how);
  }
}

void Supervisor::TellReady() {
  base::LogInfo("ready");
  if (!ready_.IsOpen()) return;
  if (TEMP_FAILURE_RETRY(::write(ready_.Get(), "1", 1)) != 1) {
    base::LogWarning(ErrnoError("telling that the daemon is ready").message());
  }
  ready_.Close();
}

void Supervisor::ReloadCredentials() {
  absl::StatusOr<internal::v1::Credentials> read = credentials_->Read();
  if (read.ok()) return SendCredentials(*std::move(read));
  base::LogWarning(absl::StrCat("keeping the credentials as they were: ", Explain(read.status())));
}

void Supervisor::ReloadIfChanged() {
  if (!credentials_.has_value()) return;
  auto read = credentials_->ReadWhereChanged(absl::Now());
  if (!read.ok()) {
    base::LogWarning(absl::StrCat("keeping the credentials as they were: ", Explain(read.status())));
  } else if (read->has_value()) {
    SendCredentials(**std::move(read));
  }
}

void Supervisor::SendCredentials(internal::v1::Credentials credentials) {
  if (state_ != State::kServing) return;
  ControlReply reply;
  *reply.mutable_credentials() = std::move(credentials);
  const absl::Status sent = front_.Reply(reply);
  if (!sent.ok()) BeginEnd(sent, kBrokenPatience);
}

void Supervisor::BeginEnd(absl::Status why, absl::Duration patience) {
  if (state_ != State::kServing) return;
  state_ = State::kEnding;
  end_ = std::move(why);
  front_deadline_ = absl::Now() + patience;
  front_.AskToEnd();
}

void Supervisor::KillFront() {
  if (state_ == State::kKilled) return;
  state_ = State::kKilled;
  front_deadline_ = absl::Now() + kDyingPatience;
  base::LogWarning("bpfrigd-front does not end by itself: killing it");
  const absl::Status killed = front_.process().Kill();
  if (!killed.ok()) base::LogError(killed.message());
}

}  // namespace bpfrig::supervisor
