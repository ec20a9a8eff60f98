// One sandbox at the daemon, held by its lease: the OpenSandbox stream, which a thread reads until it ends. A
// test opens one, its steps call through it, and its end takes everything with it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "bpfrig/v1/sandbox.pb.h"
#include "client/daemon/daemon_client.h"

namespace bpfrig::client::run {

class Sandbox {
 public:
  // Opens one, within ten seconds. `client` outlives it.
  [[nodiscard]] static std::variant<std::unique_ptr<Sandbox>, daemon::RpcError> Open(
      daemon::DaemonClient& client, const bpfrig::v1::OpenSandboxRequest& request);
  // Ends the lease.
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Tears it down and returns the ledger. Then the lease is over.
  [[nodiscard]] std::variant<bpfrig::v1::CloseSandboxResponse, daemon::RpcError> Close();

  // Waits until the sandbox ended, or for so long; true if it ended.
  [[nodiscard]] bool WaitForEnd(std::chrono::milliseconds timeout);
  // How it ended, if the daemon told: "the worker died: SIGSEGV". Empty while it lives.
  [[nodiscard]] std::string EndMessage() const;
  // Whether it ended because its worker did not come back from a system call.
  [[nodiscard]] bool IsHung() const;
  // Whether the daemon has told that it ended.
  [[nodiscard]] bool IsEndTold() const;

  // One call on this sandbox: puts its id into the request.
  [[nodiscard]] std::optional<daemon::RpcError> Call(const google::protobuf::MethodDescriptor& method,
                                                     google::protobuf::Message& request,
                                                     google::protobuf::Message& answer,
                                                     std::chrono::milliseconds timeout);

  // For calls that stream.
  [[nodiscard]] daemon::DaemonClient& client() { return client_; }
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  explicit Sandbox(daemon::DaemonClient& client);

  // The lease's thread.
  void ReadLease();
  // Waits for the first message; the error if none came.
  std::optional<daemon::RpcError> WaitForOpened();

  daemon::DaemonClient& client_;
  // No deadline: it lives as long as the test.
  daemon::RunningCall lease_;
  std::unique_ptr<grpc::ClientReader<bpfrig::v1::OpenSandboxResponse>> reader_;
  std::string id_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All of these under the mutex.
  std::optional<bpfrig::v1::SandboxOpened> opened_;
  std::optional<bpfrig::v1::SandboxEnded> ended_;
  std::optional<grpc::Status> finished_;

  std::thread thread_;
};

}  // namespace bpfrig::client::run
