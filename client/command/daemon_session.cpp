#include "client/command/daemon_session.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/command/exit_code.h"
#include "client/daemon/connection_failure.h"
#include "client/daemon/target.h"
#include "client/daemon/version_skew.h"

namespace bpfrig::client::command {
namespace {

constexpr std::chrono::milliseconds kAnswerTimeout = std::chrono::seconds(5);

}  // namespace

absl::StatusOr<std::unique_ptr<DaemonSession>> DaemonSession::Open(const DaemonOptions& options) {
  absl::StatusOr<StopSignals> signals = StopSignals::Create();
  if (!signals.ok()) return std::move(signals).status();
  std::unique_ptr<DaemonSession> session(new DaemonSession(*std::move(signals)));
  if (absl::Status status = session->Connect(options); !status.ok()) return status;
  return session;
}

DaemonSession::~DaemonSession() = default;

absl::Status DaemonSession::Connect(const DaemonOptions& options) {
  // If the daemon goes away in the middle of a write, the call fails; no signal must end us.
  std::signal(SIGPIPE, SIG_IGN);
  std::string target = options.target;
  if (target.empty()) {
    if (daemon::UsesTls(options.credentials)) {
      return absl::InvalidArgumentError(
          "the --tls options are for a daemon that runs already: give --target HOST:PORT, or leave them out");
    }
    if (geteuid() != 0) {
      return absl::PermissionDeniedError(
          "a private daemon needs root: run bpfrig as root, or give --target unix:PATH of a daemon that runs "
          "already");
    }
    absl::StatusOr<daemon::PrivateDaemon> daemon =
        daemon::PrivateDaemon::Start(options.private_daemon, signals_.fd());
    if (!daemon.ok()) return std::move(daemon).status();
    daemon_.emplace(*std::move(daemon));
    target = daemon_->target();
  }
  absl::StatusOr<daemon::Connection> connection = daemon::MakeConnection(target, options.credentials);
  if (!connection.ok()) return std::move(connection).status();
  client_ = std::make_unique<daemon::DaemonClient>(*std::move(connection));

  absl::StatusOr<std::unique_ptr<StopWatcher>> watcher = StopWatcher::Start(signals_, [this](int signal) {
    stop_signal_ = signal;
    client_->Cancel();
  });
  if (!watcher.ok()) return std::move(watcher).status();
  watcher_ = *std::move(watcher);

  std::optional<daemon::RpcError> error = client_->Call(&daemon::DaemonClient::Stub::GetInfo,
                                                        bpfrig::v1::GetInfoRequest(), info_, kAnswerTimeout);
  if (error) {
    return stop_signal_ != 0 ? absl::CancelledError("interrupted")
                             : daemon::ConnectionFailure(*error, target, options.credentials);
  }
  const std::string skew =
      daemon::DescribeVersionSkew(BPFRIG_VERSION,
                                  daemon_ ? absl::StrCat("the private daemon ", daemon_->executable())
                                          : absl::StrCat("the daemon at ", target),
                                  info_.version());
  return skew.empty() ? absl::OkStatus() : absl::FailedPreconditionError(skew);
}

absl::Status DaemonSession::Close() {
  client_->Disconnect();
  // The signals' thread stays: a second Ctrl-C ends the wait for a daemon that takes too long to leave.
  return daemon_ ? daemon_->Close() : absl::OkStatus();
}

}  // namespace bpfrig::client::command
