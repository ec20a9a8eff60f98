// The daemon that a command talks to: the one that --target names, or a private one, and the client that is
// connected to it. Ctrl-C cancels what is under way.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "client/command/options.h"
#include "client/command/stop_signals.h"
#include "client/daemon/daemon_client.h"
#include "client/daemon/private_daemon.h"

namespace bpfrig::client::command {

class DaemonSession {
 public:
  // Must be called before there is any thread. INVALID_ARGUMENT: the command line is wrong; CANCELLED: a
  // signal came; other errors: no daemon can be reached.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DaemonSession>> Open(const DaemonOptions& options);
  ~DaemonSession();

  [[nodiscard]] daemon::DaemonClient& client() { return *client_; }
  [[nodiscard]] const bpfrig::v1::GetInfoResponse& info() const { return info_; }
  // The signal that asked to stop, or 0.
  [[nodiscard]] int stop_signal() const { return stop_signal_; }
  // The end of a private daemon's log.
  [[nodiscard]] std::string LogTail() const { return daemon_ ? daemon_->LogTail() : ""; }
  // Takes a private daemon down.
  [[nodiscard]] absl::Status Close();

 private:
  explicit DaemonSession(StopSignals signals) : signals_(std::move(signals)) {}

  absl::Status Connect(const DaemonOptions& options);

  StopSignals signals_;
  std::optional<daemon::PrivateDaemon> daemon_;
  std::unique_ptr<daemon::DaemonClient> client_;
  bpfrig::v1::GetInfoResponse info_;
  std::atomic<int> stop_signal_{0};
  // Last: its thread uses the others.
  std::unique_ptr<StopWatcher> watcher_;
};

}  // namespace bpfrig::client::command
