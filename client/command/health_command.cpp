// `bpfrig health`: for a container's health check, and for scripts that wait for a daemon.
#include <chrono>
#include <csignal>
#include <iostream>
#include <variant>

#include "client/command/commands.h"
#include "client/command/daemon_session.h"
#include "client/command/exit_code.h"
#include "client/daemon/connection_failure.h"
#include "client/daemon/health.h"

namespace bpfrig::client::command {

int PrintHealth(const HealthOptions& options) {
  // If the daemon goes away in the middle of a write, the call fails; no signal must end us.
  std::signal(SIGPIPE, SIG_IGN);
  absl::StatusOr<daemon::Connection> connection = daemon::MakeConnection(options.target, options.credentials);
  if (!connection.ok()) return Fail(connection.status());
  const auto ask = options.wait ? daemon::AwaitServing : daemon::CheckHealth;
  const std::chrono::milliseconds timeout(static_cast<int64_t>(options.timeout_seconds * 1000));
  const std::variant<daemon::Health, daemon::RpcError> answer = ask(*connection, timeout);
  if (const auto* error = std::get_if<daemon::RpcError>(&answer)) {
    return Fail(daemon::ConnectionFailure(*error, options.target, options.credentials));
  }
  if (std::get<daemon::Health>(answer) == daemon::Health::kServing) {
    std::cout << "SERVING\n";
    return kAllPassed;
  }
  std::cout << "NOT_SERVING: the daemon at " << options.target
            << " is probing the kernel or shutting down; its log says which\n";
  return kRigFailed;
}

}  // namespace bpfrig::client::command
