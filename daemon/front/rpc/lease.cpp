#include "daemon/front/rpc/lease.h"

#include <utility>

#include "daemon/base/status.h"
#include "daemon/front/rpc/validate.h"
#include "daemon/front/sandboxes/sandbox_life.h"

namespace bpfrig::front {
namespace {

constexpr char kName[] = "OpenSandbox";
constexpr char kLeaseEnded[] = "its client let go of it";

}  // namespace

Lease::Lease(const RelayEnvironment& environment, grpc::CallbackServerContext& context,
             const v1::OpenSandboxRequest* request)
    : environment_(environment), request_(request), deadline_(DeadlineOf(context, environment)) {
  const absl::Status status = Begin(context);
  if (status.ok()) return;
  share_ = Share();
  Finish(EndOfCall(kName, status));
}

absl::Status Lease::Begin(grpc::CallbackServerContext& context) {
  BPFRIG_RETURN_IF_ERROR(Validate(*request_));
  BPFRIG_ASSIGN_OR_RETURN(const std::string caller, environment_.caller_of(context));
  // Not counted among the caller's calls: it does not wait for them.
  BPFRIG_ASSIGN_OR_RETURN(share_, environment_.shares.sandboxes.Take(caller));
  return environment_.threads.Start([this] { Open(); });
}

absl::StatusOr<std::shared_ptr<Sandbox>> Lease::Create() {
  BPFRIG_ASSIGN_OR_RETURN(std::shared_ptr<Sandbox> sandbox,
                          environment_.registry.Create(request_->label(), std::move(share_), deadline_));
  const std::lock_guard lock(mutex_);
  sandbox_ = sandbox;
  return sandbox;
}

void Lease::Open() {
  const absl::StatusOr<std::shared_ptr<Sandbox>> sandbox = Create();
  if (!sandbox.ok()) return Finish(EndOfCall(kName, sandbox.status()));
  bool cancelled = false;
  {
    const std::lock_guard lock(mutex_);
    cancelled = state_ == State::kCancelled;
  }
  // Otherwise OnCancel has the sandbox to end.
  if (cancelled) (*sandbox)->End(v1::SANDBOX_END_REASON_CLOSED, kLeaseEnded);
  absl::StatusOr<v1::SandboxOpened> opened =
      OpenSandbox(environment_.registry, *sandbox, *request_, deadline_);
  if (!opened.ok()) return Finish(EndOfCall(kName, opened.status()));
  *opened_.mutable_opened() = *std::move(opened);
  {
    const std::lock_guard lock(mutex_);
    state_ = State::kWriting;
  }
  StartWrite(&opened_);
  (*sandbox)->SetEndListener([this](const v1::SandboxEnded& ended) { OnSandboxEnded(ended); });
}

void Lease::OnCancel() {
  std::shared_ptr<Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kOpening) state_ = State::kCancelled;
    sandbox = sandbox_;
  }
  // Comes back to OnSandboxEnded, or makes the opening fail.
  if (sandbox) sandbox->End(v1::SANDBOX_END_REASON_CLOSED, kLeaseEnded);
}

void Lease::OnSandboxEnded(const v1::SandboxEnded& ended) {
  {
    const std::lock_guard lock(mutex_);
    *ended_.mutable_ended() = ended;
    if (std::exchange(state_, State::kEnded) == State::kWriting) return;  // OnWriteDone goes on
  }
  // Not under the lock: OnDone may destroy this before the call returns.
  StartWriteAndFinish(&ended_, grpc::WriteOptions(), grpc::Status::OK);
}

void Lease::OnWriteDone(bool /*ok*/) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kWriting) {
      state_ = State::kOpen;
      return;
    }
  }
  StartWriteAndFinish(&ended_, grpc::WriteOptions(), grpc::Status::OK);
}

}  // namespace bpfrig::front
