#include "daemon/front/rpc/service.h"

#include <utility>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "daemon/base/status.h"
#include "daemon/front/rpc/client_stream_relay.h"
#include "daemon/front/rpc/lease.h"
#include "daemon/front/rpc/server_stream_relay.h"
#include "daemon/front/rpc/unary_relay.h"
#include "daemon/front/sandboxes/sandbox_life.h"

namespace bpfrig::front {
namespace {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;
template <class Response>
using Writer = grpc::ServerWriteReactor<Response>;

// The messages of streams pass as bytes.
using v1::BpfRig;
using Bytes = grpc::ByteBuffer;
using CallbackService = BpfRig::WithRawCallbackMethod_SeedMap<
    BpfRig::WithRawCallbackMethod_DumpMap<BpfRig::WithRawCallbackMethod_ReadEvents<
        BpfRig::WithRawCallbackMethod_ListInstructions<BpfRig::CallbackService>>>>;

class Service final : public CallbackService {
 public:
  Service(const RelayEnvironment& environment, KernelInfo& kernel_info)
      : environment_(environment), kernel_info_(kernel_info) {}

  Writer<v1::OpenSandboxResponse>* OpenSandbox(Context* context,
                                               const v1::OpenSandboxRequest* request) override {
    return new Lease(environment_, *context, request);
  }
  Unary* CloseSandbox(Context* context, const v1::CloseSandboxRequest* request,
                      v1::CloseSandboxResponse* response) override;
  Unary* GetInfo(Context* context, const v1::GetInfoRequest* request, v1::GetInfoResponse* response) override;

  Unary* LoadProgram(Context* context, const v1::LoadProgramRequest* request,
                     v1::LoadProgramResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* Attach(Context* context, const v1::AttachRequest* request, v1::AttachResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* Detach(Context* context, const v1::DetachRequest* request, v1::DetachResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  grpc::ServerReadReactor<Bytes>* SeedMap(Context* context, Bytes* response) override {
    return RelayClientStream<v1::SeedMapRequest, v1::SeedMapResponse>(environment_, *context, response);
  }
  Unary* Listen(Context* context, const v1::ListenRequest* request, v1::ListenResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* Connect(Context* context, const v1::ConnectRequest* request,
                 v1::ConnectResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* Send(Context* context, const v1::SendRequest* request, v1::SendResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* Receive(Context* context, const v1::ReceiveRequest* request,
                 v1::ReceiveResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* Disconnect(Context* context, const v1::DisconnectRequest* request,
                    v1::DisconnectResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* OpenSocket(Context* context, const v1::OpenSocketRequest* request,
                    v1::OpenSocketResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* GetSocketName(Context* context, const v1::GetSocketNameRequest* request,
                       v1::GetSocketNameResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* SetSocketOption(Context* context, const v1::SetSocketOptionRequest* request,
                         v1::SetSocketOptionResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* GetSocketOption(Context* context, const v1::GetSocketOptionRequest* request,
                         v1::GetSocketOptionResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Writer<Bytes>* DumpMap(Context* context, const Bytes* request) override {
    return RelayServerStream<v1::DumpMapRequest, v1::DumpMapResponse>(environment_, *context, request);
  }
  Writer<Bytes>* ReadEvents(Context* context, const Bytes* request) override {
    return RelayServerStream<v1::ReadEventsRequest, v1::ReadEventsResponse>(environment_, *context, request);
  }
  Unary* SetGlobals(Context* context, const v1::SetGlobalsRequest* request,
                    v1::SetGlobalsResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* ReadGlobals(Context* context, const v1::ReadGlobalsRequest* request,
                     v1::ReadGlobalsResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* WriteEvents(Context* context, const v1::WriteEventsRequest* request,
                     v1::WriteEventsResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Unary* RunProgram(Context* context, const v1::RunProgramRequest* request,
                    v1::RunProgramResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }
  Writer<Bytes>* ListInstructions(Context* context, const Bytes* request) override {
    return RelayServerStream<v1::ListInstructionsRequest, v1::ListInstructionsResponse>(environment_,
                                                                                        *context, request);
  }
  Unary* CountRuns(Context* context, const v1::CountRunsRequest* request,
                   v1::CountRunsResponse* response) override {
    return RelayUnary(environment_, *context, request, response);
  }

 private:
  const RelayEnvironment& environment_;
  KernelInfo& kernel_info_;
};

Unary* Service::CloseSandbox(Context* context, const v1::CloseSandboxRequest* request,
                             v1::CloseSandboxResponse* response) {
  const std::string& name = NameOfCall<v1::CloseSandboxRequest>();
  const absl::Status valid = Validate(*request);
  if (!valid.ok()) return EndUnary(*context, name, valid);
  const std::shared_ptr<Sandbox> sandbox = environment_.registry.FindAny(request->sandbox());
  // Nothing to close is not an error.
  if (!sandbox || !sandbox->BeginClose()) return EndUnary(*context, name, absl::OkStatus());
  // If no thread can be had, which the machine decides, it is gone all the same.
  const std::shared_ptr<void> gone(
      nullptr, [sandbox](void*) { sandbox->End(v1::SANDBOX_END_REASON_CLOSED, "it was closed"); });
  auto close = [sandbox, gone, request, response,
                deadline = DeadlineOf(*context, environment_)]() -> absl::Status {
    BPFRIG_ASSIGN_OR_RETURN(*response, front::CloseSandbox(sandbox, *request, deadline));
    return absl::OkStatus();
  };
  // What has begun to close is closed to the end, whether or not the client waits for it. Not counted among
  // the caller's calls, so that it never has to wait for one: a sandbox closes once.
  return UnaryWork::Start(environment_.threads, name, Admission(), std::move(close), [] {});
}

Unary* Service::GetInfo(Context* context, const v1::GetInfoRequest* request, v1::GetInfoResponse* response) {
  const std::string& name = NameOfCall<v1::GetInfoRequest>();
  auto ask = [this, response, deadline = DeadlineOf(*context, environment_)]() -> absl::Status {
    BPFRIG_ASSIGN_OR_RETURN(*response, kernel_info_.Get(deadline));
    response->set_version(BPFRIG_VERSION);
    response->set_max_sandboxes(environment_.registry.max_sandboxes());
    response->set_max_object_bytes(MaxObjectBytes());
    response->set_open_sandboxes(environment_.registry.CountOpen());
    response->set_spare_sandboxes(environment_.registry.CountSpare());
    response->set_stuck_sandboxes(environment_.registry.CountStuck());
    return absl::OkStatus();
  };
  // Nothing to wait for, and not counted: whoever asks what is wrong gets an answer.
  if (kernel_info_.IsKnown()) return EndUnary(*context, name, ask());
  absl::StatusOr<Admission> admission = Admit(environment_, *context, *request);
  if (!admission.ok()) return EndUnary(*context, name, admission.status());
  return UnaryWork::Start(environment_.threads, name, *std::move(admission), std::move(ask), [] {});
}

}  // namespace

std::unique_ptr<grpc::Service> MakeService(const RelayEnvironment& environment, KernelInfo& kernel_info) {
  return std::make_unique<Service>(environment, kernel_info);
}

}  // namespace bpfrig::front
