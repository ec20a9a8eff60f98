#include <grpcpp/grpcpp.h>

#include <memory>

#include "bench/check.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/row.h"

namespace bpfrig::bench {
namespace {

constexpr int kSends = 500;

// The mean time of a Send of one byte, in microseconds.
double TimeSends(v1::BpfRig::Stub& stub, const std::string& sandbox) {
  v1::SendRequest request;
  request.set_sandbox(sandbox);
  request.mutable_from()->set_connection("kept");
  request.set_data("x");
  Stopwatch watch;
  for (int i = 0; i < kSends; ++i) {
    grpc::ClientContext context;
    v1::SendResponse response;
    CheckCall(stub.Send(&context, request, &response), "Send");
    Check(response.sent() == 1, "sending a byte");
  }
  return watch.Lap() / kSends;
}

}  // namespace

Row SendRow(const Bench& bench) {
  const auto sandbox = std::make_shared<RigSandbox>(bench.stub);
  sandbox->Listen();
  sandbox->KeepConnection("kept");
  const std::shared_ptr<v1::BpfRig::Stub> echo =
      v1::BpfRig::NewStub(grpc::CreateChannel(bench.echo_target, grpc::InsecureChannelCredentials()));
  return {.name = "Send of a byte, against a bare gRPC call",
          .unit = "us",
          .goal = "<= 1.6",
          .floor = [echo] { return TimeSends(*echo, "any"); },
          .rig = [&bench, sandbox] { return TimeSends(bench.stub, sandbox->id()); }};
}

}  // namespace bpfrig::bench
