#include "bench/rig.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "bench/check.h"
#include "bench/client_process.h"
#include "common/read_file.h"

namespace bpfrig::bench {
namespace {

constexpr size_t kMostObjectBytes = size_t{16} << 20;

void SetAddress(const char* text, int port, v1::SocketAddress* address) {
  address->set_address(text);
  address->set_port(static_cast<uint32_t>(port));
}

v1::Value* AddField(const std::string& name, v1::Value* value) {
  v1::Field* field = value->mutable_fields()->add_fields();
  field->set_name(name);
  return field->mutable_value();
}

}  // namespace

void CheckCall(const grpc::Status& status, const std::string& call) {
  Check(status.ok(), call + ": " + status.error_message());
}

std::string ReadObject(const std::string& path) {
  const absl::StatusOr<std::string> bytes = common::ReadFile(path, kMostObjectBytes);
  Check(bytes.ok(), std::string(bytes.status().message()));
  return *bytes;
}

ServerProcess StartPrivateDaemon() {
  return ServerProcess([](const std::string& target, int ready, int lifeline) {
    const std::string binary = Binary("bpfrigd");
    const std::string ready_fd = std::to_string(ready);
    const std::string lifeline_fd = std::to_string(lifeline);
    ::fcntl(ready, F_SETFD, 0);
    ::fcntl(lifeline, F_SETFD, 0);
    ::execl(binary.c_str(), "bpfrigd", "--private", "--log-level", "warning", "--listen", target.c_str(),
            "--max-sandboxes", "128", "--ready-fd", ready_fd.c_str(), "--lifeline-fd", lifeline_fd.c_str(),
            nullptr);
    std::perror(binary.c_str());
    std::_Exit(127);
  });
}

RigSandbox::RigSandbox(v1::BpfRig::Stub& stub) : stub_(stub) {
  v1::OpenSandboxRequest open;
  open.add_addresses(kServiceAddress);
  open.add_addresses(kWaypointAddress);
  lease_ = stub_.OpenSandbox(&lease_context_, open);
  v1::OpenSandboxResponse event;
  Check(lease_->Read(&event), "OpenSandbox");
  id_ = event.opened().sandbox();
}

RigSandbox::~RigSandbox() {
  lease_context_.TryCancel();
  (void)lease_->Finish();
}

void RigSandbox::Load(const std::string& object) { LoadAs("cgroup_sock", object, {"cgroup_connect4_prog"}); }

void RigSandbox::LoadAs(const std::string& name, const std::string& object,
                        const std::vector<std::string>& attach) {
  grpc::ClientContext context;
  v1::LoadProgramRequest request;
  v1::LoadProgramResponse response;
  request.set_sandbox(id_);
  request.set_name(name);
  request.set_object(object);
  for (const std::string& program : attach) request.add_attach()->set_program(program);
  CheckCall(stub_.LoadProgram(&context, request, &response), "LoadProgram");
  Check(response.has_loaded(), "loading the object");
}

void RigSandbox::Seed() {
  v1::SeedMapResponse response;
  {
    grpc::ClientContext context;
    v1::SeedMapRequest request;
    request.set_sandbox(id_);
    request.set_map("km_frontend");
    request.set_key_type("frontend_key");
    request.set_value_type("frontend_value");
    v1::SeedEntry* entry = request.add_entries();
    AddField("addr", entry->mutable_key())->mutable_tag()->set_ip(kServiceAddress);
    AddField("upstream_id", entry->mutable_value())->set_unsigned_integer(7);
    auto writer = stub_.SeedMap(&context, &response);
    writer->Write(request);
    writer->WritesDone();
    CheckCall(writer->Finish(), "SeedMap km_frontend");
  }
  grpc::ClientContext context;
  v1::SeedMapRequest request;
  request.set_sandbox(id_);
  request.set_map("km_backend");
  request.set_key_type("backend_key");
  request.set_value_type("backend_value");
  v1::SeedEntry* entry = request.add_entries();
  AddField("backend_uid", entry->mutable_key())->set_unsigned_integer(7);
  AddField("wp_addr", entry->mutable_value())->mutable_tag()->set_ip(kWaypointAddress);
  v1::NetworkInteger* port =
      AddField("waypoint_port", entry->mutable_value())->mutable_tag()->mutable_network_integer();
  port->set_bits(16);
  port->set_value(kWaypointPort);
  auto writer = stub_.SeedMap(&context, &response);
  writer->Write(request);
  writer->WritesDone();
  CheckCall(writer->Finish(), "SeedMap km_backend");
}

void RigSandbox::Listen() {
  grpc::ClientContext context;
  v1::ListenRequest request;
  v1::ListenResponse response;
  request.set_sandbox(id_);
  request.set_name("waypoint");
  SetAddress(kWaypointAddress, kWaypointPort, request.mutable_at());
  CheckCall(stub_.Listen(&context, request, &response), "Listen");
}

void RigSandbox::Control() {
  grpc::ClientContext context;
  v1::ConnectRequest request;
  v1::ConnectResponse response;
  request.set_sandbox(id_);
  SetAddress(kControlAddress, kEnablePort, request.mutable_to());
  CheckCall(stub_.Connect(&context, request, &response), "Connect to the control address");
  Check(response.errno_name() == "ENETUNREACH",
        "being refused at the control address: it answered " + response.errno_name());
}

void RigSandbox::Connect() {
  grpc::ClientContext context;
  v1::ConnectRequest request;
  v1::ConnectResponse response;
  request.set_sandbox(id_);
  SetAddress(kServiceAddress, kServicePort, request.mutable_to());
  request.set_send(kGreeting);
  CheckCall(stub_.Connect(&context, request, &response), "Connect to the service");
  Check(response.server() == "waypoint", "being redirected to the waypoint");
}

void RigSandbox::ConnectOften(uint32_t times) {
  grpc::ClientContext context;
  v1::ConnectRequest request;
  v1::ConnectResponse response;
  request.set_sandbox(id_);
  SetAddress(kServiceAddress, kServicePort, request.mutable_to());
  request.set_times(times);
  request.set_begin_within_ms(60'000);
  CheckCall(stub_.Connect(&context, request, &response), "Connect many times");
  const v1::RepeatedDials& dials = response.repeated();
  Check(static_cast<uint32_t>(dials.answer_size()) == times && dials.answers_size() == 1 &&
            dials.answers(0).server() == "waypoint",
        "being redirected to the waypoint each time");
}

void RigSandbox::KeepConnection(const std::string& name) {
  grpc::ClientContext context;
  v1::ConnectRequest request;
  v1::ConnectResponse response;
  request.set_sandbox(id_);
  request.set_name(name);
  SetAddress(kWaypointAddress, kWaypointPort, request.mutable_to());
  CheckCall(stub_.Connect(&context, request, &response), "Connect");
  Check(response.server() == "waypoint", "reaching the waypoint");
}

void RigSandbox::Close() {
  grpc::ClientContext context;
  v1::CloseSandboxRequest close;
  v1::CloseSandboxResponse ledger;
  close.set_sandbox(id_);
  CheckCall(stub_.CloseSandbox(&context, close, &ledger), "CloseSandbox");
  Check(ledger.closed(), "closing the sandbox");
}

Times RunRigTest(v1::BpfRig::Stub& stub, const std::string& object) {
  Times times{};
  Stopwatch watch;
  RigSandbox sandbox(stub);
  times[kSandbox] = watch.Lap();
  sandbox.Load(object);
  times[kLoad] = watch.Lap();
  sandbox.Seed();
  times[kSeed] = watch.Lap();
  sandbox.Listen();
  times[kListen] = watch.Lap();
  sandbox.Control();
  times[kControl] = watch.Lap();
  sandbox.Connect();
  times[kConnect] = watch.Lap();
  sandbox.Close();
  times[kTeardown] = watch.Lap();
  return times;
}

}  // namespace bpfrig::bench
