// `bpfrig health`: for a container's health check, and for scripts that wait for a daemon.
#include <chrono>
#include <csignal>
#include <iostream>
#include <variant>

#include "client/command/commands.h"
#include "client/command/daemon_session.h"
#include "client/command/exit_code.h"
#include "client/run/connection_failure.h"
#include "client/run/health.h"

namespace bpfrig::client::command {

int PrintHealth(const HealthOptions& options) {
  // A daemon that goes away in the middle of a write is an error of that call.
  std::signal(SIGPIPE, SIG_IGN);
  absl::StatusOr<run::Connection> connection = run::MakeConnection(options.target, options.credentials);
  if (!connection.ok()) {
    std::cerr << "bpfrig: " << connection.status().message() << "\n";
    return ExitCodeOf(connection.status());
  }
  const auto ask = options.wait ? run::AwaitServing : run::CheckHealth;
  const std::chrono::milliseconds timeout(static_cast<int64_t>(options.timeout_seconds * 1000));
  const std::variant<run::Health, run::RpcError> answer = ask(*connection, timeout);
  if (const auto* error = std::get_if<run::RpcError>(&answer)) {
    const absl::Status failure = run::ConnectionFailure(*error, options.target, options.credentials);
    std::cerr << "bpfrig: " << failure.message() << "\n";
    return ExitCodeOf(failure);
  }
  if (std::get<run::Health>(answer) == run::Health::kServing) {
    std::cout << "SERVING\n";
    return kAllPassed;
  }
  std::cout << "NOT_SERVING: the daemon at " << options.target
            << " is probing the kernel or shutting down; its log says which\n";
  return kRigFailed;
}

}  // namespace bpfrig::client::command
