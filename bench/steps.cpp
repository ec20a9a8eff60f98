#include "bench/steps.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "bench/check.h"
#include "bench/phases.h"
#include "bench/rig.h"
#include "bench/spread.h"

namespace bpfrig::bench {
namespace {

constexpr int kRunsPerMeasure = 20;
constexpr char kServer[] = "127.0.0.1";
constexpr int kPort = 53;

class Samples {
 public:
  void Time(const std::function<void()>& act) {
    Stopwatch watch;
    act();
    values_.push_back(watch.Lap());
  }
  [[nodiscard]] double Median() const { return bench::Median(values_); }

 private:
  std::vector<double> values_;
};

// Two sockets of this process.
class BarePair {
 public:
  BarePair() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    Check(::bind(server_, name, size) == 0 && ::getsockname(server_, name, &size) == 0 &&
              ::connect(client_, name, size) == 0,
          "making a pair of sockets");
  }
  ~BarePair() {
    ::close(server_);
    ::close(client_);
  }
  BarePair(const BarePair&) = delete;
  BarePair& operator=(const BarePair&) = delete;

  void Send() const { Check(::send(client_, "x", 1, 0) == 1, "sending"); }
  void Receive() const {
    char byte = 0;
    Check(::recv(server_, &byte, 1, 0) == 1, "receiving");
  }

 private:
  const int server_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int client_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

// The same two in a sandbox.
class RigPair {
 public:
  explicit RigPair(v1::BpfRig::Stub& stub) : stub_(stub), sandbox_(stub) {
    v1::OpenSocketRequest server;
    server.set_name("server");
    server.set_transport(v1::TRANSPORT_UDP);
    SetAddress(server.mutable_bind());
    Call<v1::OpenSocketResponse>(&v1::BpfRig::Stub::OpenSocket, server);
    v1::ConnectRequest client;
    client.set_name("client");
    client.set_transport(v1::TRANSPORT_UDP);
    SetAddress(client.mutable_to());
    Call<v1::ConnectResponse>(&v1::BpfRig::Stub::Connect, client);
  }
  void Nothing() { Call<v1::CountRunsResponse>(&v1::BpfRig::Stub::CountRuns, v1::CountRunsRequest()); }
  void Send() {
    v1::SendRequest request;
    request.mutable_from()->set_connection("client");
    request.set_data("x");
    Check(Call<v1::SendResponse>(&v1::BpfRig::Stub::Send, request).sent() == 1, "Send");
  }
  void Receive() {
    v1::ReceiveRequest request;
    request.mutable_at()->set_connection("server");
    request.mutable_until()->set_at_least(1);
    Check(Call<v1::ReceiveResponse>(&v1::BpfRig::Stub::Receive, request).data() == "x", "Receive");
  }

 private:
  static void SetAddress(v1::SocketAddress* address) {
    address->set_address(kServer);
    address->set_port(kPort);
  }

  template <typename Response, typename Request>
  Response Call(grpc::Status (v1::BpfRig::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                Request request) {
    request.set_sandbox(sandbox_.id());
    grpc::ClientContext context;
    Response response;
    CheckCall((stub_.*method)(&context, request, &response), request.GetTypeName());
    return response;
  }

  v1::BpfRig::Stub& stub_;
  const RigSandbox sandbox_;
};

}  // namespace

StepTimes MeasureSteps(v1::BpfRig::Stub& stub, int runs) {
  const BarePair bare;
  RigPair rig(stub);
  Samples bare_send;
  Samples bare_receive;
  Samples call;
  Samples send;
  Samples receive;
  for (int i = 0; i < runs * kRunsPerMeasure; ++i) {
    bare_send.Time([&] { bare.Send(); });
    bare_receive.Time([&] { bare.Receive(); });
    call.Time([&] { rig.Nothing(); });
    send.Time([&] { rig.Send(); });
    receive.Time([&] { rig.Receive(); });
  }
  return {bare_send.Median(), bare_receive.Median(), call.Median(), send.Median(), receive.Median()};
}

}  // namespace bpfrig::bench
