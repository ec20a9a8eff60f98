// Supervisor: the daemon's root process: single-threaded, small, and deaf to the network. It starts the
// front, makes and reaps workers on the front's word, and ends everything when the front, the process that
// started it or a signal says so. main owns one.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "common/fd.h"
#include "daemon/kernel_os/signal_fd.h"
#include "daemon/supervisor/credential_files.h"
#include "daemon/supervisor/front_process.h"
#include "daemon/supervisor/host.h"
#include "daemon/supervisor/options.h"
#include "daemon/supervisor/worker_pool.h"

namespace bpfrig::supervisor {

class Supervisor {
 public:
  // Claims what the daemon needs and starts the front.
  static absl::StatusOr<Supervisor> Start(Options options);

  // Serves until the end, and cleans up. OK if it was asked to end.
  [[nodiscard]] absl::Status Run();

 private:
  // kServing -> kEnding     BeginEnd: the front was asked to end, and is killed at front_deadline_
  // kEnding  -> kKilled     KillFront: then, or at a second signal; at front_deadline_ Run gives up
  // any      -> kFrontGone  HandleFrontEnd: it has ended, and the loop ends with it
  enum class State { kServing, kEnding, kKilled, kFrontGone };

  Supervisor(Options options, kernel_os::SignalFd signals, Host host, WorkerPool workers, FrontProcess front,
             std::optional<CredentialFiles> credentials);

  // Waits for one round of events and handles them.
  [[nodiscard]] absl::Status PollOnce();
  void HandleSignal();
  void HandleLifeline();
  void HandleControl();
  // An error if the front can no longer be spoken to.
  [[nodiscard]] absl::Status HandleRequest(const internal::v1::ControlRequest& request);
  [[nodiscard]] absl::Status Spawn(const internal::v1::SpawnWorker& spawn);
  void HandleFrontEnd();
  void HandleWorkerEnd(uint64_t number);
  void TellReady();
  // Both say in the log if the files are of no use; the front keeps what it has then.
  void ReloadCredentials();
  void ReloadIfChanged();
  void SendCredentials(internal::v1::Credentials credentials);

  // Asks the front to end, and remembers why. An error is what Run returns.
  void BeginEnd(absl::Status why, absl::Duration patience);
  void KillFront();

  common::Fd ready_;
  common::Fd lifeline_;
  kernel_os::SignalFd signals_;
  Host host_;  // outlives all processes
  WorkerPool workers_;
  FrontProcess front_;
  std::optional<CredentialFiles> credentials_;  // if there is a TCP listener
  State state_ = State::kServing;
  absl::Status end_;  // what Run returns, once it is not kServing
  absl::Time front_deadline_ = absl::InfiniteFuture();
};

}  // namespace bpfrig::supervisor
