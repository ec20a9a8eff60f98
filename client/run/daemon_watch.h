// What all tests of a run know of their daemon: whether it is gone, so that they need not find out one by
// one.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "client/daemon/daemon_client.h"
#include "client/daemon/rpc_error.h"

namespace bpfrig::client::run {

class DaemonWatch {
 public:
  // `client` outlives it.
  explicit DaemonWatch(daemon::DaemonClient& client) : client_(client) {}

  // Tells the tests to come, if the error says that the daemon is gone.
  void Note(const daemon::RpcError& error) {
    if (!daemon::IsUnreachable(error) || client_.IsCancelled()) return;
    // A deadline that passed may be that one call's.
    if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED && Answers()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (gone_.empty()) gone_ = error.message;
  }

  // Why there is no daemon any more; empty while there is one.
  [[nodiscard]] std::string Gone() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return gone_;
  }

 private:
  // Long enough for a machine with too much to do.
  static constexpr std::chrono::seconds kAnswerTimeout{10};

  [[nodiscard]] bool Answers() {
    bpfrig::v1::GetInfoResponse info;
    return !client_.Call(&daemon::DaemonClient::Stub::GetInfo, bpfrig::v1::GetInfoRequest(), info,
                         kAnswerTimeout);
  }

  daemon::DaemonClient& client_;
  mutable std::mutex mutex_;
  std::string gone_;
};

}  // namespace bpfrig::client::run
