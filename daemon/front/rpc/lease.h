// Lease: the stream of OpenSandbox. It opens a sandbox, tells the client how it ends, and ends it if the
// client goes away. Owns itself, as gRPC's reactors do, until OnDone.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>

#include "bpfrig/v1/sandbox.pb.h"
#include "daemon/front/rpc/relay.h"
#include "daemon/front/sandboxes/sandbox.h"

namespace bpfrig::front {

class Lease final : public grpc::ServerWriteReactor<v1::OpenSandboxResponse> {
 public:
  Lease(const RelayEnvironment& environment, grpc::CallbackServerContext& context,
        const v1::OpenSandboxRequest* request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  // kOpening, kCancelled -> kWriting   Open: the sandbox is open, `opened_` is on its way to the client
  // kOpening             -> kCancelled OnCancel: Open ends the sandbox
  // kWriting             -> kOpen      OnWriteDone
  // kWriting             -> kEnded     OnSandboxEnded: OnWriteDone is to send `ended_`
  // kOpen                -> kEnded     OnSandboxEnded: sends `ended_` itself
  enum class State { kOpening, kCancelled, kWriting, kOpen, kEnded };

  // Begins to open, if the caller may have one more sandbox.
  [[nodiscard]] absl::Status Begin(grpc::CallbackServerContext& context);
  // On a call thread, which ends with the opening: an open sandbox costs none.
  void Open();
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Sandbox>> Create();
  // The sandbox's end listener.
  void OnSandboxEnded(const v1::SandboxEnded& ended);

  const RelayEnvironment& environment_;
  const v1::OpenSandboxRequest* const request_;
  const absl::Time deadline_;
  v1::OpenSandboxResponse opened_;
  v1::OpenSandboxResponse ended_;
  Share share_;  // until there is a sandbox, which takes it over

  std::mutex mutex_;
  State state_ = State::kOpening;
  std::shared_ptr<Sandbox> sandbox_;
};

}  // namespace bpfrig::front
