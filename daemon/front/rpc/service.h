// The service bpfrig.v1.BpfRig: every RPC's first hop behind gRPC. It checks the request, finds the sandbox,
// and relays to its worker; OpenSandbox, CloseSandbox and GetInfo it answers itself.
#pragma once

#include <memory>

#include "daemon/front/rpc/relay.h"
#include "daemon/front/sandboxes/kernel_info.h"

namespace grpc {
class Service;
}

namespace bpfrig::front {

// Both outlive the service.
[[nodiscard]] std::unique_ptr<grpc::Service> MakeService(const RelayEnvironment& environment,
                                                         KernelInfo& kernel_info);

}  // namespace bpfrig::front
