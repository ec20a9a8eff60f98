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
// A worker takes CloseSandbox at once, whatever else it was asked: one that does not is stopped, or stuck.
constexpr absl::Duration kCloseTakeTime = absl::Seconds(1);

// One call of the front's own.
absl::Status Ask(const std::shared_ptr<Sandbox>& sandbox, const google::protobuf::Message& request,
                 absl::Time deadline, google::protobuf::Message& response,
                 absl::Duration time_to_take = absl::InfiniteDuration()) {
  BPFRIG_ASSIGN_OR_RETURN(const auto call, WorkerCall::Create(sandbox, request, deadline));
  return CallOnce(*call, request, response, time_to_take);
}

absl::StatusOr<v1::SandboxOpened> ConfigureWorker(const std::shared_ptr<Sandbox>& sandbox,
                                                  const v1::OpenSandboxRequest& request,
                                                  absl::Time deadline) {
  v1::OpenSandboxResponse response;
  BPFRIG_RETURN_IF_ERROR(Ask(sandbox, request, deadline, response));
  response.mutable_opened()->set_sandbox(sandbox->id());
  return std::move(*response.mutable_opened());
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

absl::StatusOr<v1::CloseSandboxResponse> CloseSandbox(const std::shared_ptr<Sandbox>& sandbox,
                                                      const v1::CloseSandboxRequest& request,
                                                      absl::Time deadline) {
  v1::CloseSandboxResponse ledger;
  const absl::Status closed = Ask(sandbox, request, deadline, ledger, kCloseTakeTime);
  if (!closed.ok()) {
    sandbox->End(v1::SANDBOX_END_REASON_CLOSED, absl::StrCat("closing it failed: ", closed.message()));
    return closed;
  }
  ledger.set_closed(true);
  sandbox->LetExit();
  if (!sandbox->AwaitExit(absl::Now() + kExitTime)) {
    base::LogWarning(absl::StrCat(sandbox->Name(), ": its worker did not exit in ",
                                  absl::FormatDuration(kExitTime), " and is killed"));
    sandbox->End(v1::SANDBOX_END_REASON_CLOSED, "it was closed");
  }
  return ledger;
}

absl::StatusOr<v1::GetInfoResponse> ProbeInfo(SandboxRegistry& registry, absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const std::shared_ptr<Sandbox> sandbox,
                          registry.Create("probe", Share(), deadline));
  BPFRIG_RETURN_IF_ERROR(OpenSandbox(registry, sandbox, v1::OpenSandboxRequest(), deadline).status());
  v1::GetInfoResponse info;
  const absl::Status probed = Ask(sandbox, v1::GetInfoRequest(), deadline, info);
  sandbox->End(v1::SANDBOX_END_REASON_CLOSED,
               probed.ok() ? "the kernel was probed" : "probing the kernel failed");
  BPFRIG_RETURN_IF_ERROR(probed);
  return info;
}

}  // namespace bpfrig::front
