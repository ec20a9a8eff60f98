#include "daemon/front/sandboxes/supervisor_link.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/frame.h"

namespace bpfrig::front {

using base::MakeError;
using base::Reason;

namespace {

absl::Status ToStatus(const internal::v1::SpawnFailed& failed) {
  const auto code = static_cast<absl::StatusCode>(failed.code());
  if (code == absl::StatusCode::kOk || code == absl::StatusCode::kInternal) {
    return MakeError(Reason::kInternal, failed.message());
  }
  base::ErrorDetail detail;
  detail.reason =
      code == absl::StatusCode::kResourceExhausted ? Reason::kLimitReached : Reason::kKernelRefused;
  detail.field = failed.field();
  return base::WithDetail(absl::Status(code, failed.message()), detail);
}

}  // namespace

SupervisorLink::SupervisorLink(common::Fd control, CredentialsListener on_credentials,
                               std::function<void()> on_gone)
    : control_(std::move(control)),
      on_credentials_(std::move(on_credentials)),
      on_gone_(std::move(on_gone)),
      thread_([this] { ReadReplies(); }) {}

absl::StatusOr<SpawnedWorker> SupervisorLink::Spawn(uint32_t open_files, absl::Time deadline,
                                                    ExitListener on_exit) {
  const auto worker = std::make_shared<Worker>();
  worker->on_exit = std::move(on_exit);
  internal::v1::ControlRequest request;
  {
    const std::lock_guard lock(mutex_);
    request.mutable_spawn()->set_worker(next_worker_++);
    workers_[request.spawn().worker()] = worker;
  }
  const uint64_t number = request.spawn().worker();
  request.mutable_spawn()->set_open_files(open_files);
  const absl::Status sent = SendRequest(request);

  std::unique_lock lock(mutex_);
  if (sent.ok()) {
    answered_.wait_until(lock, absl::ToChronoTime(deadline), [&] { return worker->answered || gone_; });
  }
  if (worker->answered && worker->failure.ok()) {
    return SpawnedWorker{.number = number, .channel = std::move(worker->channel)};
  }
  workers_.erase(number);
  if (!sent.ok()) return sent;
  if (worker->answered) return worker->failure;
  if (gone_) return MakeError(Reason::kSandboxClosed, "starting a worker: the daemon is shutting down");
  lock.unlock();
  Kill(number);
  return MakeError(Reason::kDeadline, "starting a worker: the supervisor did not answer in time");
}

void SupervisorLink::Kill(uint64_t worker) {
  internal::v1::ControlRequest request;
  request.mutable_kill()->set_worker(worker);
  const absl::Status status = SendRequest(request);
  if (!status.ok()) base::LogWarning(absl::StrCat("ending worker ", worker, ": ", status.message()));
}

absl::Status SupervisorLink::SendReady() {
  internal::v1::ControlRequest request;
  request.mutable_ready();
  return SendRequest(request);
}

absl::Status SupervisorLink::SendRequest(const internal::v1::ControlRequest& request) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string frames, ipc::EncodeFrames(request));
  const std::lock_guard lock(send_mutex_);
  // Does not wait, for the lock's sake: the socket has room for thousands of these, so that a supervisor that
  // has not read them is beyond help.
  BPFRIG_ASSIGN_OR_RETURN(const ssize_t count, ipc::SendBytes(control_.Get(), frames, -1));
  if (count == static_cast<ssize_t>(frames.size())) return absl::OkStatus();
  return MakeError(Reason::kInternal, "sending to the supervisor: it does not read its control socket");
}

void SupervisorLink::Stop() {
  control_.Shutdown();
  if (thread_.joinable()) thread_.join();
}

void SupervisorLink::ReadReplies() {
  while (true) {
    internal::v1::ControlReply reply;
    // Idle until the supervisor says something or either side closes.
    const absl::StatusOr<bool> received = control_.Receive(reply);
    if (!received.ok())
      base::LogError(absl::StrCat("reading from the supervisor: ", received.status().message()));
    if (!received.ok() || !*received) break;
    Dispatch(reply);
  }
  OnGone();
}

void SupervisorLink::Dispatch(const internal::v1::ControlReply& reply) {
  switch (reply.reply_case()) {
    case internal::v1::ControlReply::kSpawned:
      return OnSpawned(reply.spawned().worker(), control_.TakeFd());
    case internal::v1::ControlReply::kSpawnFailed:
      return OnSpawnFailed(reply.spawn_failed());
    case internal::v1::ControlReply::kExited:
      return OnExited(reply.exited());
    case internal::v1::ControlReply::kCredentials:
      return on_credentials_(reply.credentials());
    case internal::v1::ControlReply::REPLY_NOT_SET:
      base::LogError("reading from the supervisor: an empty reply");
      return;
  }
}

void SupervisorLink::OnSpawned(uint64_t number, common::Fd channel) {
  const std::lock_guard lock(mutex_);
  const auto found = workers_.find(number);
  if (found == workers_.end()) return;  // given up at its deadline, and killed
  found->second->answered = true;
  if (channel.IsOpen()) {
    found->second->channel = std::move(channel);
  } else {
    found->second->failure =
        MakeError(Reason::kInternal, "starting a worker: its channel did not come along");
  }
  answered_.notify_all();
}

void SupervisorLink::OnSpawnFailed(const internal::v1::SpawnFailed& failed) {
  const std::lock_guard lock(mutex_);
  const auto found = workers_.find(failed.worker());
  if (found == workers_.end()) return;
  found->second->answered = true;
  found->second->failure = ToStatus(failed);
  answered_.notify_all();
}

void SupervisorLink::OnExited(const internal::v1::WorkerExited& exited) {
  std::shared_ptr<Worker> worker;
  {
    const std::lock_guard lock(mutex_);
    const auto found = workers_.find(exited.worker());
    if (found == workers_.end()) return;
    worker = std::move(found->second);
    workers_.erase(found);
  }
  worker->on_exit({.signal = exited.signal(), .status = exited.status()});
}

void SupervisorLink::OnGone() {
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    workers_.clear();  // nobody will say how they ended
  }
  answered_.notify_all();
  on_gone_();
}

}  // namespace bpfrig::front
