#include "tests/reliability/busy_sandbox.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>

#include <utility>

#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

// gRPC's own: it closes it.
int DescriptorForGrpc(int connection) {
  const int own = ::fcntl(connection, F_DUPFD_CLOEXEC, 0);
  (void)::fcntl(own, F_SETFL, ::fcntl(own, F_GETFL) | O_NONBLOCK);
  return own;
}

}  // namespace

Caller::Caller(const std::string& target) {
  grpc::ChannelArguments arguments;
  // A connection for each caller, not one for all of this process.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  stub_ =
      v1::BpfRig::NewStub(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
}

Caller::Caller(int connection, std::string token)
    : stub_(v1::BpfRig::NewStub(
          grpc::CreateInsecureChannelFromFd("connected already", DescriptorForGrpc(connection)))),
      token_(std::move(token)) {}

Caller::Lease Caller::OpenSandbox(grpc::ClientContext& context, const v1::OpenSandboxRequest& request) {
  ShowToken(context);
  return stub_->OpenSandbox(&context, request);
}

void Caller::ShowToken(grpc::ClientContext& context) const {
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

BusySandbox::BusySandbox(Caller& caller, const v1::OpenSandboxRequest& request)
    : caller_(caller), lease_(caller.OpenSandbox(lease_context_, request)) {
  v1::OpenSandboxResponse event;
  if (lease_->Read(&event)) id_ = event.opened().sandbox();
}

BusySandbox::~BusySandbox() {
  lease_context_.TryCancel();
  (void)WaitForEnd();
  (void)lease_->Finish();
}

grpc::Status BusySandbox::Load(const std::string& name, const std::string& object,
                               const std::vector<std::string>& attach, v1::LoadProgramResponse& response) {
  v1::LoadProgramRequest request;
  request.set_sandbox(id_);
  request.set_name(name);
  request.set_object(object);
  for (const std::string& program : attach) request.add_attach()->set_program(program);
  return caller_.Call(&v1::BpfRig::Stub::LoadProgram, request, response);
}

grpc::Status BusySandbox::Fill(int port) {
  static const std::string kCgroupSock = ReadAll(BPFRIG_BPF_OBJECTS "/cgroup_sock.bpf.o");
  static const std::string kSockops = ReadAll(BPFRIG_BPF_OBJECTS "/sockops.bpf.o");
  v1::LoadProgramResponse response;
  grpc::Status status =
      Load("cgroup_sock", kCgroupSock, {"cgroup_connect4_prog", "cgroup_connect6_prog"}, response);
  if (!status.ok()) return status;
  if (status = Load("sockops", kSockops, {"sockops_prog"}, response); !status.ok()) return status;
  if (!response.has_loaded()) return {grpc::StatusCode::INTERNAL, response.DebugString()};
  return ConnectToItself(port);
}

grpc::Status BusySandbox::ConnectToItself(int port) {
  v1::ListenRequest listen;
  v1::ListenResponse listening;
  listen.set_sandbox(id_);
  listen.set_name("server" + std::to_string(port));
  listen.mutable_at()->set_address("127.0.0.1");
  listen.mutable_at()->set_port(static_cast<uint32_t>(port));
  if (const grpc::Status status = caller_.Call(&v1::BpfRig::Stub::Listen, listen, listening); !status.ok()) {
    return status;
  }
  v1::ConnectRequest connect;
  v1::ConnectResponse connected;
  connect.set_sandbox(id_);
  connect.set_name("c" + std::to_string(port));
  *connect.mutable_to() = listen.at();
  return caller_.Call(&v1::BpfRig::Stub::Connect, connect, connected);
}

grpc::Status BusySandbox::Keep(size_t bytes, int port) {
  v1::ConnectRequest connect;
  v1::ConnectResponse connected;
  connect.set_sandbox(id_);
  connect.set_name("kept" + std::to_string(kept_++));
  connect.mutable_to()->set_address("127.0.0.1");
  connect.mutable_to()->set_port(static_cast<uint32_t>(port));
  connect.set_send(std::string(bytes, 'k'));
  return caller_.Call(&v1::BpfRig::Stub::Connect, connect, connected);
}

grpc::Status BusySandbox::Close(v1::CloseSandboxResponse& ledger) {
  v1::CloseSandboxRequest request;
  request.set_sandbox(id_);
  return caller_.Call(&v1::BpfRig::Stub::CloseSandbox, request, ledger);
}

v1::SandboxEnded BusySandbox::WaitForEnd() {
  v1::SandboxEnded ended;
  v1::OpenSandboxResponse event;
  while (lease_->Read(&event)) {
    if (event.has_ended()) ended = event.ended();
  }
  return ended;
}

}  // namespace bpfrig::tests
