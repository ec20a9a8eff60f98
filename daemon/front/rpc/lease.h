// Lease: the stream of OpenSandbox. It opens a sandbox, tells the client how it ends, and ends it where the
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

  std::mutex mutex_;
  bool cancelled_ = false;
  bool writing_ = false;    // `opened_`
  bool finishing_ = false;  // `ended_` is set
  std::shared_ptr<Sandbox> sandbox_;
};

}  // namespace bpfrig::front
