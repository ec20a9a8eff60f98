#include "bench/echo_server.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <memory>

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

ServerProcess StartEchoServer() { return ServerProcess(Serve); }

}  // namespace bpfrig::bench
