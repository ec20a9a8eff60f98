// Sandbox: the front's view of one sandbox: its worker's channel, the calls in flight, and how it ended,
// which is decided once. The registry makes it, and keeps it until its worker was reaped; calls and the lease
// share it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "common/fd.h"
#include "daemon/front/sandboxes/shares.h"
#include "daemon/front/sandboxes/spare_workers.h"
#include "daemon/front/sandboxes/supervisor_link.h"

namespace bpfrig::front {

class WorkerCall;

// What a call is told that comes after the sandbox's end.
[[nodiscard]] absl::Status HasEnded(const std::string& id, absl::string_view why);

class Sandbox : public std::enable_shared_from_this<Sandbox> {
 public:
  using EndListener = std::function<void(const v1::SandboxEnded&)>;

  // `link` and `spares` outlive the sandbox, and so does what `share` is of, which is given back when it is
  // decided how the sandbox ended. `on_exited` is called once, when the worker was reaped, and must not wait.
  Sandbox(std::string id, std::string label, Share share, SupervisorLink& link, SpareWorkers& spares,
          std::function<void(const Sandbox&)> on_exited);

  // Takes a worker that is ready, or starts one; fails if the sandbox was ended meanwhile.
  [[nodiscard]] absl::Status Spawn(uint32_t open_files, absl::Time deadline);

  [[nodiscard]] const std::string& id() const { return id_; }
  // The sandbox as the log calls it: by its worker's number, since whoever knows the id may use it.
  [[nodiscard]] std::string Name() const;
  // How it ended, if it has.
  [[nodiscard]] std::optional<v1::SandboxEnded> ended() const;
  // OK if it takes calls; otherwise why not.
  [[nodiscard]] absl::Status CheckOpen() const;

  // Called once, with how the sandbox ended, from whatever thread ends it; at once if it has ended already.
  // Must not wait.
  void SetEndListener(EndListener listener);

  // Ends the sandbox at once: calls in flight are aborted, the worker is killed. The first to end it gives
  // the reason; later ones change nothing.
  void End(v1::SandboxEndReason reason, absl::string_view message);
  // The same for a worker that does not answer any more. Waits a moment for it to die, and says in the
  // message if it does not.
  void EndHung(absl::string_view message);
  // Whether its worker was killed some time ago and has not died: it is in the kernel, in a program that does
  // not end.
  [[nodiscard]] bool IsStuck() const;

  // Closing, in three steps. False if somebody else closes it or it has ended; calls in flight are aborted.
  [[nodiscard]] bool BeginClose();
  // The worker has done all that it was to do: it is told to exit, and its end is not a failure any more.
  void LetExit();
  // Waits until the worker was reaped or the sandbox ended by force; false if neither was in time.
  [[nodiscard]] bool AwaitExit(absl::Time deadline);

  // Below: for WorkerCall.
  // Two connected sockets for a call. CloseSandbox gets those that were made with the sandbox if this process
  // has no descriptor left for others.
  [[nodiscard]] absl::StatusOr<std::pair<common::Fd, common::Fd>> MakeCallSockets(bool is_close);
  // Passes the worker's end of a call over the channel.
  [[nodiscard]] absl::Status PassCallSocket(int socket, absl::Time deadline);
  void Register(WorkerCall& call);
  void Unregister(WorkerCall& call);
  // What a call that lost its worker is told; waits for the supervisor to say how the worker ended.
  [[nodiscard]] absl::Status FateOfCalls(bool aborted);
  // Whether the worker's loop turns: it closes a call in which nothing is asked. True also if the sandbox
  // has ended; false if nothing came by the deadline.
  [[nodiscard]] bool AnswersBy(absl::Time deadline);
  // Whether a call other than `call`, and within its own deadline, may be what keeps the worker's loop.
  [[nodiscard]] bool IsBusyWithOther(const WorkerCall& call) const;

 private:
  // kStarting  -> kOpen     Spawn
  // kOpen      -> kClosing  BeginClose
  // any before -> kDecided  End, EndHung, LetExit, OnWorkerExited: `ended_` says how it ended, and that stays
  // kDecided   -> kEnded    Announce: the log and the lease know
  enum class State { kStarting, kOpen, kClosing, kDecided, kEnded };
  // kNone           -> kRunning  Spawn
  // kNone, kRunning -> kKilled   End, EndHung; Spawn if the sandbox has ended
  // any             -> kExited   OnWorkerExited: it was reaped
  enum class WorkerState { kNone, kRunning, kKilled, kExited };

  // Decides how it ended, unless that is decided already, and ends calls and worker.
  void Kill(v1::SandboxEnded ended);
  // Unless how it ended is decided already.
  void DecideLocked(v1::SandboxEnded ended);
  void OnWorkerExited(const WorkerExit& exit);
  void AbortCallsLocked();
  // Logs the end and tells the lease, the first time that it is called.
  void Announce();

  const std::string id_;
  const std::string label_;
  SupervisorLink& link_;
  SpareWorkers& spares_;
  const std::function<void(const Sandbox&)> on_exited_;
  const absl::Time opened_at_ = absl::Now();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::pair<common::Fd, common::Fd> reserve_;  // for CloseSandbox
  std::optional<SpawnedWorker> worker_;  // never replaced, so that its channel may be used without the lock
  WorkerState worker_state_ = WorkerState::kNone;
  absl::Time killed_at_ = absl::InfiniteFuture();
  State state_ = State::kStarting;
  std::optional<v1::SandboxEnded> ended_;  // set from kDecided on
  Share share_;                            // until kDecided
  EndListener listener_;
  std::vector<WorkerCall*> calls_;  // oldest first
};

}  // namespace bpfrig::front
