#include "daemon/front/sandboxes/sandbox.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/front/sandboxes/worker_call.h"
#include "daemon/ipc/message_socket.h"

namespace bpfrig::front {
namespace {

using base::MakeError;
using base::Reason;

// From a worker's sockets closing to the supervisor having reaped it and removed its cgroup.
constexpr absl::Duration kReapTime = absl::Seconds(5);
// How often a wait for a worker looks whether the sandbox has ended.
constexpr absl::Duration kEndCheck = absl::Milliseconds(100);
// A worker that was killed and lives for so long is in the kernel, where only the end of a system call ends
// it.
constexpr absl::Duration kDeathTime = absl::Milliseconds(500);

v1::SandboxEnded MakeEnded(v1::SandboxEndReason reason, absl::string_view message) {
  v1::SandboxEnded ended;
  ended.set_reason(reason);
  ended.set_message(std::string(message));
  return ended;
}

v1::SandboxEnded WorkerDied(const WorkerExit& exit) {
  if (exit.signal == 0) {
    v1::SandboxEnded ended = MakeEnded(v1::SANDBOX_END_REASON_WORKER_DIED,
                                       absl::StrCat("its worker exited with status ", exit.status));
    ended.set_exit_status(exit.status);
    return ended;
  }
  const char* name = ::sigabbrev_np(exit.signal);
  const std::string signal =
      name != nullptr ? absl::StrCat("SIG", name) : absl::StrCat("signal ", exit.signal);
  v1::SandboxEnded ended =
      MakeEnded(v1::SANDBOX_END_REASON_WORKER_DIED, absl::StrCat("its worker was killed by ", signal));
  ended.set_signal_name(signal);
  return ended;
}

// What a call is told whose sandbox ended under it.
absl::Status ToStatus(const v1::SandboxEnded& ended) {
  const bool died = ended.reason() == v1::SANDBOX_END_REASON_WORKER_DIED ||
                    ended.reason() == v1::SANDBOX_END_REASON_WORKER_HUNG;
  return MakeError(died ? Reason::kWorkerDied : Reason::kSandboxClosed,
                   absl::StrCat("the sandbox ended: ", ended.message()));
}

}  // namespace

absl::Status HasEnded(const std::string& id, absl::string_view why) {
  return base::WithHint(
      base::WithObject(MakeError(Reason::kUnknownName, absl::StrCat("sandbox ", id, " has ended: ", why)),
                       id),
      "Open another sandbox: nothing of this one is left.");
}

Sandbox::Sandbox(std::string id, std::string label, Share share, SupervisorLink& link, SpareWorkers& spares,
                 std::function<void(const Sandbox&)> on_exited)
    : id_(std::move(id)),
      label_(std::move(label)),
      link_(link),
      spares_(spares),
      on_exited_(std::move(on_exited)),
      share_(std::move(share)) {}

std::string Sandbox::Name() const {
  std::string name = "a sandbox";
  {
    const std::lock_guard lock(mutex_);
    if (worker_) name = absl::StrCat("sandbox ", worker_->number);
  }
  return label_.empty() ? name : absl::StrCat(name, " \"", absl::CHexEscape(label_), "\"");
}

absl::Status Sandbox::Spawn(uint32_t open_files, absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(auto reserve, ipc::MakeSocketPair());
  const auto on_exit = [self = shared_from_this()](const WorkerExit& exit) { self->OnWorkerExited(exit); };
  BPFRIG_ASSIGN_OR_RETURN(SpawnedWorker worker, spares_.Take(open_files, deadline, on_exit));
  const uint64_t number = worker.number;
  {
    const std::lock_guard lock(mutex_);
    reserve_ = std::move(reserve);
    worker_ = std::move(worker);
    if (state_ == State::kStarting) {
      state_ = State::kOpen;
      worker_state_ = WorkerState::kRunning;
      return absl::OkStatus();
    }
    if (worker_state_ == WorkerState::kNone) worker_state_ = WorkerState::kKilled;
  }
  // Ended while the worker was being born, when there was nothing to kill.
  link_.Kill(number);
  return ToStatus(*ended());
}

std::optional<v1::SandboxEnded> Sandbox::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

absl::Status Sandbox::CheckOpen() const {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kOpen) return absl::OkStatus();
  const std::string why = ended_                      ? ended_->message()
                          : state_ == State::kClosing ? "it is being closed"
                                                      : "it has not begun";
  return HasEnded(id_, why);
}

void Sandbox::SetEndListener(EndListener listener) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kEnded) {
      listener_ = std::move(listener);
      return;
    }
  }
  listener(*ended());
}

void Sandbox::End(v1::SandboxEndReason reason, absl::string_view message) {
  Kill(MakeEnded(reason, message));
  Announce();
}

void Sandbox::EndHung(absl::string_view message) {
  Kill(MakeEnded(v1::SANDBOX_END_REASON_WORKER_HUNG, message));
  {
    std::unique_lock lock(mutex_);
    // Unless it has ended otherwise: then others tell, or have told.
    const auto is_told = [this] { return worker_state_ == WorkerState::kExited || state_ == State::kEnded; };
    changed_.wait_until(lock, absl::ToChronoTime(absl::Now() + kDeathTime), is_told);
    if (!is_told() && ended_->reason() == v1::SANDBOX_END_REASON_WORKER_HUNG) {
      ended_->mutable_message()->append(
          ", but a program of it still runs in the kernel, where no signal ends it: until it does, it counts "
          "as one of the daemon's sandboxes");
    }
  }
  Announce();
}

bool Sandbox::IsStuck() const {
  const std::lock_guard lock(mutex_);
  return worker_state_ == WorkerState::kKilled && absl::Now() >= killed_at_ + kDeathTime;
}

void Sandbox::Kill(v1::SandboxEnded ended) {
  bool kill = false;
  {
    const std::lock_guard lock(mutex_);
    DecideLocked(std::move(ended));
    AbortCallsLocked();
    kill = worker_state_ == WorkerState::kRunning;
    if (kill) worker_state_ = WorkerState::kKilled;
    if (kill) killed_at_ = absl::Now();
  }
  if (kill) link_.Kill(worker_->number);
}

void Sandbox::DecideLocked(v1::SandboxEnded ended) {
  if (ended_) return;
  ended_ = std::move(ended);
  state_ = State::kDecided;
  share_ = Share();
}

void Sandbox::OnWorkerExited(const WorkerExit& exit) {
  {
    const std::lock_guard lock(mutex_);
    worker_state_ = WorkerState::kExited;
    DecideLocked(WorkerDied(exit));
    AbortCallsLocked();
  }
  Announce();
  on_exited_(*this);
}

void Sandbox::Announce() {
  EndListener listener;
  v1::SandboxEnded ended;
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    if (state_ == State::kEnded) return;
    state_ = State::kEnded;
    listener = std::exchange(listener_, nullptr);
    ended = *ended_;
  }
  const std::string line =
      absl::StrCat(Name(), " ended after ",
                   absl::FormatDuration(absl::Trunc(absl::Now() - opened_at_, absl::Milliseconds(1))), ": ",
                   ended.message());
  const bool ours = ended.reason() == v1::SANDBOX_END_REASON_WORKER_DIED ||
                    ended.reason() == v1::SANDBOX_END_REASON_WORKER_HUNG;
  ours ? base::LogWarning(line) : base::LogInfo(line);
  if (listener) listener(ended);
}

bool Sandbox::BeginClose() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen) return false;
  state_ = State::kClosing;
  AbortCallsLocked();
  return true;
}

void Sandbox::LetExit() {
  const std::lock_guard lock(mutex_);
  DecideLocked(MakeEnded(v1::SANDBOX_END_REASON_CLOSED, "it was closed"));
  // Shut down, not closed: another thread may be about to use it.
  (void)::shutdown(worker_->channel.Get(), SHUT_RDWR);
}

bool Sandbox::AwaitExit(absl::Time deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, absl::ToChronoTime(deadline), [this] { return state_ == State::kEnded; });
}

void Sandbox::AbortCallsLocked() {
  for (WorkerCall* call : calls_) call->Abort();
}

absl::StatusOr<std::pair<common::Fd, common::Fd>> Sandbox::MakeCallSockets(bool is_close) {
  auto made = ipc::MakeSocketPair();
  if (made.ok()) return made;
  const std::lock_guard lock(mutex_);
  if (is_close && reserve_.first.IsOpen()) return std::move(reserve_);
  return base::WithHint(made.status(),
                        "The daemon may have too many calls under way for its limit of open files.");
}

absl::Status Sandbox::PassCallSocket(int socket, absl::Time deadline) {
  const int channel = worker_->channel.Get();
  while (true) {
    BPFRIG_ASSIGN_OR_RETURN(const ssize_t count, ipc::SendBytes(channel, "c", socket));
    if (count > 0) return absl::OkStatus();
    BPFRIG_RETURN_IF_ERROR(WaitForRoom(channel, deadline));
  }
}

void Sandbox::Register(WorkerCall& call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(&call);
  if (ended_) call.Abort();
}

void Sandbox::Unregister(WorkerCall& call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(std::find(calls_.begin(), calls_.end(), &call));
}

absl::Status Sandbox::FateOfCalls(bool aborted) {
  std::unique_lock lock(mutex_);
  if (!aborted)
    changed_.wait_until(lock, absl::ToChronoTime(absl::Now() + kReapTime),
                        [this] { return ended_.has_value(); });
  if (ended_) return ToStatus(*ended_);
  if (aborted) return MakeError(Reason::kSandboxClosed, "the sandbox is being closed");
  return MakeError(Reason::kInternal, "the worker ended the call without an answer");
}

bool Sandbox::AnswersBy(absl::Time deadline) {
  auto pair = ipc::MakeSocketPair();
  if (!pair.ok()) {
    base::LogError(absl::StrCat("asking a worker for a sign of life: ", pair.status().message()));
    return true;  // our fault, not the worker's
  }
  ipc::MessageSocket ours(std::move(pair->first));
  common::Fd theirs = std::move(pair->second);
  const absl::Status passed = PassCallSocket(theirs.Get(), deadline);
  theirs.Close();
  if (!passed.ok()) return passed.code() != absl::StatusCode::kDeadlineExceeded;
  ours.FinishSending();
  while (true) {
    if (WaitForAny({ours.Get()}, std::min(deadline, absl::Now() + kEndCheck)).ok() || ended()) return true;
    if (absl::Now() >= deadline) return false;
  }
}

bool Sandbox::IsBusyWithOther(const WorkerCall& call) const {
  const std::lock_guard lock(mutex_);
  bool before_this = true;
  for (const WorkerCall* other : calls_) {
    if (other == &call) {
      before_this = false;
      continue;
    }
    if (other->loop_use() == v1::LOOP_USE_WAITS) continue;
    // While a call holds the loop the later ones have not begun, so that they do not excuse it.
    const bool may_have_begun = before_this || call.loop_use() != v1::LOOP_USE_HOLDS;
    if (may_have_begun && other->deadline() > absl::Now()) return true;
  }
  return false;
}

}  // namespace bpfrig::front
