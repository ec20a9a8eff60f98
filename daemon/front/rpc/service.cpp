#include "daemon/front/rpc/service.h"

#include <utility>

#include "daemon/base/status.h"
#include "daemon/front/rpc/client_stream_relay.h"
#include "daemon/front/rpc/lease.h"
#include "daemon/front/sandboxes/sandbox_life.h"
#include "daemon/front/rpc/server_stream_relay.h"
#include "daemon/front/rpc/unary_relay.h"

namespace bpfrig::front {

using grpc::CallbackServerContext;
using grpc::ServerReadReactor;
using grpc::ServerUnaryReactor;
using grpc::ServerWriteReactor;
using internal::v1::CallReply;
using internal::v1::CallRequest;

ServerWriteReactor<v1::OpenSandboxResponse>* Service::OpenSandbox(CallbackServerContext* context,
                                                                  const v1::OpenSandboxRequest* request) {
  return new Lease(environment_, *context, request);
}

ServerUnaryReactor* Service::CloseSandbox(CallbackServerContext* context,
                                          const v1::CloseSandboxRequest* request,
                                          v1::CloseSandboxResponse* response) {
  const absl::Status valid = Validate(*request);
  if (!valid.ok()) return RefuseUnary(*context, "CloseSandbox", valid);
  auto close = [this, request, response, deadline = DeadlineOf(*context, environment_)]() -> absl::Status {
    BPFRIG_ASSIGN_OR_RETURN(*response, front::CloseSandbox(environment_.registry, *request, deadline));
    return absl::OkStatus();
  };
  // What has begun to close is closed to the end, whether or not the client waits for it.
  return UnaryWork::Start(environment_.threads, "CloseSandbox", std::move(close), [] {});
}

ServerUnaryReactor* Service::GetInfo(CallbackServerContext* context, const v1::GetInfoRequest* /*request*/,
                                     v1::GetInfoResponse* response) {
  auto ask = [this, response, deadline = DeadlineOf(*context, environment_)]() -> absl::Status {
    BPFRIG_ASSIGN_OR_RETURN(*response, kernel_info_.Get(deadline));
    response->set_version(BPFRIG_VERSION);
    response->set_max_sandboxes(environment_.registry.max_sandboxes());
    response->set_max_object_bytes(kMaxObjectBytes);
    response->set_open_sandboxes(environment_.registry.CountOpen());
    return absl::OkStatus();
  };
  return UnaryWork::Start(environment_.threads, "GetInfo", std::move(ask), [] {});
}

ServerReadReactor<v1::SeedMapRequest>* Service::SeedMap(CallbackServerContext* context,
                                                        v1::SeedMapResponse* response) {
  static constexpr Route<v1::SeedMapRequest, v1::SeedMapResponse> kRoute{
      {"SeedMap"}, &CallRequest::mutable_seed_map, &CallReply::mutable_seed_map, &CallReply::has_seed_map};
  return RelayClientStream(environment_, *context, kRoute, response);
}

ServerWriteReactor<v1::DumpMapResponse>* Service::DumpMap(CallbackServerContext* context,
                                                          const v1::DumpMapRequest* request) {
  static constexpr Route<v1::DumpMapRequest, v1::DumpMapResponse> kRoute{
      {"DumpMap"}, &CallRequest::mutable_dump_map, &CallReply::mutable_dump_map, &CallReply::has_dump_map};
  return RelayServerStream(environment_, *context, kRoute, request);
}

ServerWriteReactor<v1::ReadEventsResponse>* Service::ReadEvents(CallbackServerContext* context,
                                                                const v1::ReadEventsRequest* request) {
  static constexpr Route<v1::ReadEventsRequest, v1::ReadEventsResponse> kRoute{
      {.name = "ReadEvents", .holds_loop = false},
      &CallRequest::mutable_read_events,
      &CallReply::mutable_read_events,
      &CallReply::has_read_events};
  return RelayServerStream(environment_, *context, kRoute, request);
}

ServerUnaryReactor* Service::LoadProgram(CallbackServerContext* context,
                                         const v1::LoadProgramRequest* request,
                                         v1::LoadProgramResponse* response) {
  static constexpr Route<v1::LoadProgramRequest, v1::LoadProgramResponse> kRoute{
      {"LoadProgram"},
      &CallRequest::mutable_load_program,
      &CallReply::mutable_load_program,
      &CallReply::has_load_program};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Attach(CallbackServerContext* context, const v1::AttachRequest* request,
                                    v1::AttachResponse* response) {
  static constexpr Route<v1::AttachRequest, v1::AttachResponse> kRoute{
      {"Attach"}, &CallRequest::mutable_attach, &CallReply::mutable_attach, &CallReply::has_attach};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Detach(CallbackServerContext* context, const v1::DetachRequest* request,
                                    v1::DetachResponse* response) {
  static constexpr Route<v1::DetachRequest, v1::DetachResponse> kRoute{
      {"Detach"}, &CallRequest::mutable_detach, &CallReply::mutable_detach, &CallReply::has_detach};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Listen(CallbackServerContext* context, const v1::ListenRequest* request,
                                    v1::ListenResponse* response) {
  static constexpr Route<v1::ListenRequest, v1::ListenResponse> kRoute{
      {"Listen"}, &CallRequest::mutable_listen, &CallReply::mutable_listen, &CallReply::has_listen};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Connect(CallbackServerContext* context, const v1::ConnectRequest* request,
                                     v1::ConnectResponse* response) {
  static constexpr Route<v1::ConnectRequest, v1::ConnectResponse> kRoute{
      {.name = "Connect", .holds_loop = false},
      &CallRequest::mutable_connect,
      &CallReply::mutable_connect,
      &CallReply::has_connect};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Send(CallbackServerContext* context, const v1::SendRequest* request,
                                  v1::SendResponse* response) {
  static constexpr Route<v1::SendRequest, v1::SendResponse> kRoute{{.name = "Send", .holds_loop = false},
                                                                   &CallRequest::mutable_send,
                                                                   &CallReply::mutable_send,
                                                                   &CallReply::has_send};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Receive(CallbackServerContext* context, const v1::ReceiveRequest* request,
                                     v1::ReceiveResponse* response) {
  static constexpr Route<v1::ReceiveRequest, v1::ReceiveResponse> kRoute{
      {.name = "Receive", .holds_loop = false},
      &CallRequest::mutable_receive,
      &CallReply::mutable_receive,
      &CallReply::has_receive};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::Disconnect(CallbackServerContext* context, const v1::DisconnectRequest* request,
                                        v1::DisconnectResponse* response) {
  static constexpr Route<v1::DisconnectRequest, v1::DisconnectResponse> kRoute{
      {"Disconnect"},
      &CallRequest::mutable_disconnect,
      &CallReply::mutable_disconnect,
      &CallReply::has_disconnect};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

ServerUnaryReactor* Service::RunProgram(CallbackServerContext* context, const v1::RunProgramRequest* request,
                                        v1::RunProgramResponse* response) {
  static constexpr Route<v1::RunProgramRequest, v1::RunProgramResponse> kRoute{
      {"RunProgram"},
      &CallRequest::mutable_run_program,
      &CallReply::mutable_run_program,
      &CallReply::has_run_program};
  return RelayUnary(environment_, *context, kRoute, request, response);
}

}  // namespace bpfrig::front
