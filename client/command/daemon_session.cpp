#include "client/command/daemon_session.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/command/exit_code.h"

namespace bpfrig::client::command {
namespace {

constexpr std::chrono::milliseconds kAnswerTimeout = std::chrono::seconds(5);

// gRPC's sentence ends with the cause that a person wants to know.
std::string CauseOf(const std::string& message, const std::string& target) {
  constexpr absl::string_view kLastError = "last error: ";
  const size_t at = message.rfind(std::string(kLastError));
  if (at == std::string::npos) return message;
  absl::string_view cause = absl::string_view(message).substr(at + kLastError.size());
  absl::ConsumePrefix(&cause, "UNKNOWN: ");
  absl::ConsumePrefix(&cause, absl::StrCat(target, ": "));
  return std::string(cause);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DaemonSession>> DaemonSession::Open(const DaemonOptions& options) {
  absl::StatusOr<run::StopSignals> signals = run::StopSignals::Create();
  if (!signals.ok()) return std::move(signals).status();
  std::unique_ptr<DaemonSession> session(new DaemonSession(*std::move(signals)));
  if (absl::Status status = session->Connect(options); !status.ok()) return status;
  return session;
}

DaemonSession::~DaemonSession() = default;

absl::Status DaemonSession::Connect(const DaemonOptions& options) {
  // A daemon that goes away in the middle of a write is an error of that call.
  std::signal(SIGPIPE, SIG_IGN);
  std::string target = options.target;
  if (target.empty()) {
    if (geteuid() != 0) {
      return absl::PermissionDeniedError(
          "a private daemon needs root: run bpfrig as root, or give --target unix:PATH of a daemon that runs "
          "already");
    }
    absl::StatusOr<run::PrivateDaemon> daemon =
        run::PrivateDaemon::Start(options.private_daemon, signals_.fd());
    if (!daemon.ok()) return std::move(daemon).status();
    daemon_.emplace(*std::move(daemon));
    target = daemon_->target();
  }
  absl::StatusOr<std::string> checked = run::ParseTarget(target);
  if (!checked.ok()) return std::move(checked).status();
  absl::StatusOr<std::string> token = run::ReadToken(options.credentials);
  if (!token.ok()) return absl::InvalidArgumentError(token.status().message());
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = run::MakeChannel(*checked, options.credentials);
  if (!channel.ok()) return absl::InvalidArgumentError(channel.status().message());
  client_ = std::make_unique<run::DaemonClient>(*channel, *token);

  absl::StatusOr<std::unique_ptr<run::StopWatcher>> watcher =
      run::StopWatcher::Start(signals_, [this](int signal) {
        stop_signal_ = signal;
        client_->Cancel();
      });
  if (!watcher.ok()) return std::move(watcher).status();
  watcher_ = *std::move(watcher);

  std::optional<run::RpcError> error =
      client_->Call(&run::DaemonClient::Stub::GetInfo, bpfrig::v1::GetInfoRequest(), info_, kAnswerTimeout);
  if (!error) return absl::OkStatus();
  if (stop_signal_ != 0) return absl::CancelledError("interrupted");
  if (run::IsUnreachable(*error)) {
    return absl::UnavailableError(absl::StrCat(
        "nothing answers at ", target, ": ", CauseOf(error->message, target), "; is bpfrigd running there?"));
  }
  return absl::InternalError(absl::StrCat("the daemon at ", target, " refuses: ", run::Describe(*error),
                                          error->detail.hint().empty() ? "" : "; ", error->detail.hint()));
}

absl::Status DaemonSession::Close() {
  // The signals' thread stays: a second Ctrl-C ends a daemon's end that takes too long.
  return daemon_ ? daemon_->Close() : absl::OkStatus();
}

int ExitCodeOf(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) return kUsageError;
  return absl::IsCancelled(status) ? kInterrupted + SIGINT : kRigFailed;
}

}  // namespace bpfrig::client::command
