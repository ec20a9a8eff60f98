// How a sandbox begins and ends, from the worker's birth to its ledger. Called on call threads by the lease,
// by CloseSandbox and by the probe at start.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "daemon/front/sandboxes/sandbox.h"
#include "daemon/front/sandboxes/sandbox_registry.h"

namespace bpfrig::front {

// Starts the sandbox's worker and has it configure itself. If that fails nothing is left of the sandbox.
[[nodiscard]] absl::StatusOr<v1::SandboxOpened> OpenSandbox(SandboxRegistry& registry,
                                                            const std::shared_ptr<Sandbox>& sandbox,
                                                            const v1::OpenSandboxRequest& request,
                                                            absl::Time deadline);

// Closes a sandbox that has begun to close, and returns its ledger, once its worker was reaped. If the worker
// fails to answer, the sandbox is gone all the same.
[[nodiscard]] absl::StatusOr<v1::CloseSandboxResponse> CloseSandbox(const std::shared_ptr<Sandbox>& sandbox,
                                                                    const v1::CloseSandboxRequest& request,
                                                                    absl::Time deadline);

// What this kernel can do, as a throw-away sandbox finds; without the fields that are the front's.
[[nodiscard]] absl::StatusOr<v1::GetInfoResponse> ProbeInfo(SandboxRegistry& registry, absl::Time deadline);

}  // namespace bpfrig::front
