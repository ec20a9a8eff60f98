#include "bench/rig.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "bench/check.h"

namespace bpfrig::bench {
namespace {

void CheckCall(const grpc::Status& status, const std::string& call) {
  Check(status.ok(), call + ": " + status.error_message());
}

// The folder that this executable is in.
std::string BinaryFolder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

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

PrivateDaemon::PrivateDaemon() {
  char folder[] = "/tmp/bpfrig-bench-XXXXXX";
  Check(::mkdtemp(folder) != nullptr, "making a temporary folder");
  folder_ = folder;
  int lifeline[2];
  int ready[2];
  Check(::pipe2(lifeline, O_CLOEXEC) == 0 && ::pipe2(ready, O_CLOEXEC) == 0, "making pipes");
  const std::string binary = BinaryFolder() + "/bpfrigd";
  const std::string ready_fd = std::to_string(ready[1]);
  const std::string lifeline_fd = std::to_string(lifeline[0]);
  const std::string target = Target();
  pid_ = ::fork();
  Check(pid_ >= 0, "forking");
  if (pid_ == 0) {
    ::fcntl(ready[1], F_SETFD, 0);
    ::fcntl(lifeline[0], F_SETFD, 0);
    ::execl(binary.c_str(), "bpfrigd", "--private", "--log-level", "warning", "--listen", target.c_str(),
            "--ready-fd", ready_fd.c_str(), "--lifeline-fd", lifeline_fd.c_str(), nullptr);
    std::perror(binary.c_str());
    std::_Exit(127);
  }
  ::close(ready[1]);
  ::close(lifeline[0]);
  lifeline_ = lifeline[1];
  char byte = 0;
  Check(::read(ready[0], &byte, 1) == 1, "starting " + binary);
  ::close(ready[0]);
}

PrivateDaemon::~PrivateDaemon() {
  ::close(lifeline_);
  ::waitpid(pid_, nullptr, 0);
}

RigTest::RigTest(const std::string& target, const std::string& object_path) {
  std::ifstream file(object_path, std::ios::binary);
  object_.assign(std::istreambuf_iterator<char>(file), {});
  Check(!object_.empty(), "reading " + object_path);
  stub_ = v1::BpfRig::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
}

void RigTest::Seed(const std::string& sandbox) {
  v1::SeedMapResponse response;
  {
    grpc::ClientContext context;
    v1::SeedMapRequest request;
    request.set_sandbox(sandbox);
    request.set_map("km_frontend");
    request.set_key_type("frontend_key");
    request.set_value_type("frontend_value");
    v1::SeedEntry* entry = request.add_entries();
    AddField("addr", entry->mutable_key())->mutable_tag()->set_ip(kServiceAddress);
    AddField("upstream_id", entry->mutable_value())->set_unsigned_integer(7);
    auto writer = stub_->SeedMap(&context, &response);
    writer->Write(request);
    writer->WritesDone();
    CheckCall(writer->Finish(), "SeedMap km_frontend");
  }
  grpc::ClientContext context;
  v1::SeedMapRequest request;
  request.set_sandbox(sandbox);
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
  auto writer = stub_->SeedMap(&context, &response);
  writer->Write(request);
  writer->WritesDone();
  CheckCall(writer->Finish(), "SeedMap km_backend");
}

Times RigTest::Run() {
  Times times{};
  Stopwatch watch;
  grpc::ClientContext lease_context;
  v1::OpenSandboxRequest open;
  open.add_addresses(kServiceAddress);
  open.add_addresses(kWaypointAddress);
  auto lease = stub_->OpenSandbox(&lease_context, open);
  v1::OpenSandboxResponse event;
  Check(lease->Read(&event), "OpenSandbox");
  const std::string sandbox = event.opened().sandbox();
  times[kSandbox] = watch.Lap();
  {
    grpc::ClientContext context;
    v1::LoadProgramRequest request;
    v1::LoadProgramResponse response;
    request.set_sandbox(sandbox);
    request.set_name("cgroup_sock");
    request.set_object(object_);
    request.add_attach()->set_program("cgroup_connect4_prog");
    CheckCall(stub_->LoadProgram(&context, request, &response), "LoadProgram");
    Check(response.has_loaded(), "loading the object");
  }
  times[kLoad] = watch.Lap();
  Seed(sandbox);
  times[kSeed] = watch.Lap();
  {
    grpc::ClientContext context;
    v1::ListenRequest request;
    v1::ListenResponse response;
    request.set_sandbox(sandbox);
    request.set_name("waypoint");
    SetAddress(kWaypointAddress, kWaypointPort, request.mutable_at());
    CheckCall(stub_->Listen(&context, request, &response), "Listen");
  }
  times[kListen] = watch.Lap();
  v1::ConnectRequest request;
  v1::ConnectResponse response;
  request.set_sandbox(sandbox);
  SetAddress(kControlAddress, kEnablePort, request.mutable_to());
  {
    grpc::ClientContext context;
    CheckCall(stub_->Connect(&context, request, &response), "Connect to the control address");
    Check(response.errno_name() == "ENETUNREACH",
          "being refused at the control address: it answered " + response.errno_name());
  }
  times[kControl] = watch.Lap();
  SetAddress(kServiceAddress, kServicePort, request.mutable_to());
  request.set_send(kGreeting);
  {
    grpc::ClientContext context;
    CheckCall(stub_->Connect(&context, request, &response), "Connect to the service");
    Check(response.server() == "waypoint", "being redirected to the waypoint");
  }
  times[kConnect] = watch.Lap();
  {
    grpc::ClientContext context;
    v1::CloseSandboxRequest close;
    v1::CloseSandboxResponse ledger;
    close.set_sandbox(sandbox);
    CheckCall(stub_->CloseSandbox(&context, close, &ledger), "CloseSandbox");
    Check(ledger.closed(), "closing the sandbox");
  }
  times[kTeardown] = watch.Lap();
  while (lease->Read(&event)) {
  }
  (void)lease->Finish();
  return times;
}

}  // namespace bpfrig::bench
