#include "bench/echo_server.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "bench/check.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {
namespace {

class EchoService final : public v1::BpfRig::Service {
  grpc::Status Send(grpc::ServerContext*, const v1::SendRequest* request,
                    v1::SendResponse* response) override {
    response->set_sent(request->data().size());
    return grpc::Status::OK;
  }
};

// Until nobody holds the other end of the lifeline.
void Serve(const std::string& target, int ready, int lifeline) {
  EchoService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  Check(server != nullptr, "starting a bare gRPC server");
  Check(::write(ready, "r", 1) == 1, "telling that it serves");
  char byte = 0;
  (void)!::read(lifeline, &byte, 1);
  server->Shutdown();
}

}  // namespace

EchoServer::EchoServer() {
  char folder[] = "/tmp/bpfrig-bench-XXXXXX";
  Check(::mkdtemp(folder) != nullptr, "making a temporary folder");
  folder_ = folder;
  int lifeline[2];
  int ready[2];
  Check(::pipe2(lifeline, O_CLOEXEC) == 0 && ::pipe2(ready, O_CLOEXEC) == 0, "making pipes");
  pid_ = ::fork();
  Check(pid_ >= 0, "forking");
  if (pid_ == 0) {
    ::close(lifeline[1]);
    Serve(Target(), ready[1], lifeline[0]);
    std::_Exit(0);
  }
  ::close(ready[1]);
  ::close(lifeline[0]);
  lifeline_ = lifeline[1];
  char byte = 0;
  Check(::read(ready[0], &byte, 1) == 1, "waiting for a bare gRPC server");
  ::close(ready[0]);
}

EchoServer::~EchoServer() {
  ::close(lifeline_);
  ::waitpid(pid_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}

}  // namespace bpfrig::bench
