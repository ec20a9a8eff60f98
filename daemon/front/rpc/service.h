// The service bpfrig.v1.BpfRig: every RPC's first hop behind gRPC. Checks the request, finds the sandbox, and
// relays to its worker; OpenSandbox, CloseSandbox and GetInfo are the front's own.
#pragma once

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "daemon/front/sandboxes/kernel_info.h"
#include "daemon/front/rpc/relay.h"

namespace bpfrig::front {

class Service final : public v1::BpfRig::CallbackService {
 public:
  // Both outlive the service.
  Service(const RelayEnvironment& environment, KernelInfo& kernel_info)
      : environment_(environment), kernel_info_(kernel_info) {}

  grpc::ServerWriteReactor<v1::OpenSandboxResponse>* OpenSandbox(
      grpc::CallbackServerContext* context, const v1::OpenSandboxRequest* request) override;
  grpc::ServerUnaryReactor* CloseSandbox(grpc::CallbackServerContext* context,
                                         const v1::CloseSandboxRequest* request,
                                         v1::CloseSandboxResponse* response) override;
  grpc::ServerUnaryReactor* LoadProgram(grpc::CallbackServerContext* context,
                                        const v1::LoadProgramRequest* request,
                                        v1::LoadProgramResponse* response) override;
  grpc::ServerUnaryReactor* Attach(grpc::CallbackServerContext* context, const v1::AttachRequest* request,
                                   v1::AttachResponse* response) override;
  grpc::ServerUnaryReactor* Detach(grpc::CallbackServerContext* context, const v1::DetachRequest* request,
                                   v1::DetachResponse* response) override;
  grpc::ServerReadReactor<v1::SeedMapRequest>* SeedMap(grpc::CallbackServerContext* context,
                                                       v1::SeedMapResponse* response) override;
  grpc::ServerUnaryReactor* Listen(grpc::CallbackServerContext* context, const v1::ListenRequest* request,
                                   v1::ListenResponse* response) override;
  grpc::ServerUnaryReactor* Connect(grpc::CallbackServerContext* context, const v1::ConnectRequest* request,
                                    v1::ConnectResponse* response) override;
  grpc::ServerUnaryReactor* Send(grpc::CallbackServerContext* context, const v1::SendRequest* request,
                                 v1::SendResponse* response) override;
  grpc::ServerUnaryReactor* Receive(grpc::CallbackServerContext* context, const v1::ReceiveRequest* request,
                                    v1::ReceiveResponse* response) override;
  grpc::ServerUnaryReactor* Disconnect(grpc::CallbackServerContext* context,
                                       const v1::DisconnectRequest* request,
                                       v1::DisconnectResponse* response) override;
  grpc::ServerWriteReactor<v1::DumpMapResponse>* DumpMap(grpc::CallbackServerContext* context,
                                                         const v1::DumpMapRequest* request) override;
  grpc::ServerWriteReactor<v1::ReadEventsResponse>* ReadEvents(grpc::CallbackServerContext* context,
                                                               const v1::ReadEventsRequest* request) override;
  grpc::ServerUnaryReactor* RunProgram(grpc::CallbackServerContext* context,
                                       const v1::RunProgramRequest* request,
                                       v1::RunProgramResponse* response) override;
  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext* context, const v1::GetInfoRequest* request,
                                    v1::GetInfoResponse* response) override;

 private:
  const RelayEnvironment& environment_;
  KernelInfo& kernel_info_;
};

}  // namespace bpfrig::front
