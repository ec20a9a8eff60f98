#include "daemon/front/sandboxes/sandbox_life.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/sandboxes/worker_call.h"

namespace bpfrig::front {
namespace {

// How long a worker that has nothing left to do may take to exit, before it is killed.
constexpr absl::Duration kExitTime = absl::Seconds(5);

absl::StatusOr<v1::SandboxOpened> ConfigureWorker(const std::shared_ptr<Sandbox>& sandbox,
                                                  const v1::OpenSandboxRequest& request,
                                                  absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const auto call, WorkerCall::Create(sandbox, {.name = "OpenSandbox"}, deadline));
  internal::v1::CallRequest call_request;
  *call_request.mutable_open_sandbox() = request;
  internal::v1::CallReply reply;
  BPFRIG_RETURN_IF_ERROR(CallOnce(*call, call_request, -1, reply));
  if (!reply.has_open_sandbox()) return WrongReply("OpenSandbox");
  reply.mutable_open_sandbox()->set_sandbox(sandbox->id());
  return std::move(*reply.mutable_open_sandbox());
}

absl::StatusOr<v1::CloseSandboxResponse> TakeLedger(const std::shared_ptr<Sandbox>& sandbox,
                                                    const v1::CloseSandboxRequest& request,
                                                    absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const auto call, WorkerCall::Create(sandbox, {.name = "CloseSandbox"}, deadline));
  internal::v1::CallRequest call_request;
  *call_request.mutable_close_sandbox() = request;
  internal::v1::CallReply reply;
  BPFRIG_RETURN_IF_ERROR(CallOnce(*call, call_request, -1, reply));
  if (!reply.has_close_sandbox()) return WrongReply("CloseSandbox");
  reply.mutable_close_sandbox()->set_closed(true);
  return std::move(*reply.mutable_close_sandbox());
}

absl::StatusOr<v1::GetInfoResponse> AskInfo(const std::shared_ptr<Sandbox>& sandbox, absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const auto call, WorkerCall::Create(sandbox, {.name = "GetInfo"}, deadline));
  internal::v1::CallRequest call_request;
  call_request.mutable_get_info();
  internal::v1::CallReply reply;
  BPFRIG_RETURN_IF_ERROR(CallOnce(*call, call_request, -1, reply));
  if (!reply.has_get_info()) return WrongReply("GetInfo");
  return std::move(*reply.mutable_get_info());
}

}  // namespace

absl::StatusOr<v1::SandboxOpened> OpenSandbox(SandboxRegistry& registry,
                                              const std::shared_ptr<Sandbox>& sandbox,
                                              const v1::OpenSandboxRequest& request, absl::Time deadline) {
  const absl::Time begin = absl::Now();
  const absl::Status spawned = sandbox->Spawn(request.limits().open_files(), deadline);
  if (!spawned.ok()) {
    sandbox->End(v1::SANDBOX_END_REASON_CLOSED, absl::StrCat("it could not be opened: ", spawned.message()));
    registry.Retire(*sandbox);  // no worker, no exit
    return spawned;
  }
  absl::StatusOr<v1::SandboxOpened> opened = ConfigureWorker(sandbox, request, deadline);
  if (!opened.ok()) {
    sandbox->End(v1::SANDBOX_END_REASON_CLOSED,
                 absl::StrCat("it could not be opened: ", opened.status().message()));
    return opened;
  }
  base::LogInfo(absl::StrCat(sandbox->Name(), " opened in ",
                             absl::FormatDuration(absl::Trunc(absl::Now() - begin, absl::Microseconds(10)))));
  return opened;
}

absl::StatusOr<v1::CloseSandboxResponse> CloseSandbox(const SandboxRegistry& registry,
                                                      const v1::CloseSandboxRequest& request,
                                                      absl::Time deadline) {
  const std::shared_ptr<Sandbox> sandbox = registry.FindAny(request.sandbox());
  if (!sandbox || !sandbox->BeginClose()) return v1::CloseSandboxResponse();
  absl::StatusOr<v1::CloseSandboxResponse> ledger = TakeLedger(sandbox, request, deadline);
  if (!ledger.ok()) {
    sandbox->End(v1::SANDBOX_END_REASON_CLOSED,
                 absl::StrCat("closing it failed: ", ledger.status().message()));
    return ledger;
  }
  sandbox->LetExit();
  if (!sandbox->AwaitExit(absl::Now() + kExitTime)) {
    base::LogWarning(absl::StrCat(sandbox->Name(), ": its worker did not exit in ",
                                  absl::FormatDuration(kExitTime), " and is killed"));
    sandbox->End(v1::SANDBOX_END_REASON_CLOSED, "it was closed");
  }
  return ledger;
}

absl::StatusOr<v1::GetInfoResponse> ProbeInfo(SandboxRegistry& registry, absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const std::shared_ptr<Sandbox> sandbox, registry.Create("probe", deadline));
  BPFRIG_RETURN_IF_ERROR(OpenSandbox(registry, sandbox, v1::OpenSandboxRequest(), deadline).status());
  absl::StatusOr<v1::GetInfoResponse> info = AskInfo(sandbox, deadline);
  sandbox->End(v1::SANDBOX_END_REASON_CLOSED,
               info.ok() ? "the kernel was probed" : "probing the kernel failed");
  return info;
}

}  // namespace bpfrig::front
