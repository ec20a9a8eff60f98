// BusySandbox: a sandbox with programs and a connection, and the Caller, a client with its own connection,
// that it is one of: for tests that open too many to start `bpfrig` for each.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::tests {

class Caller {
 public:
  explicit Caller(const std::string& target);
  // Over a connection that is there already, with a token. The descriptor stays the caller's.
  Caller(int connection, std::string token);

  using Lease = std::unique_ptr<grpc::ClientReader<v1::OpenSandboxResponse>>;
  [[nodiscard]] Lease OpenSandbox(grpc::ClientContext& context, const v1::OpenSandboxRequest& request);

  // One unary call, with `limit` as its deadline.
  template <class Request, class Response>
  [[nodiscard]] grpc::Status Call(grpc::Status (v1::BpfRig::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&, Response*),
                                  const Request& request, Response& response,
                                  std::chrono::seconds limit = std::chrono::seconds(30)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    ShowToken(context);
    return ((*stub_).*method)(&context, request, &response);
  }

 private:
  void ShowToken(grpc::ClientContext& context) const;

  std::unique_ptr<v1::BpfRig::Stub> stub_;
  const std::string token_;
};

// An open sandbox of a caller, who outlives it. Destroyed without Close, its lease is cut.
class BusySandbox {
 public:
  BusySandbox(Caller& caller, const v1::OpenSandboxRequest& request);
  ~BusySandbox();
  BusySandbox(const BusySandbox&) = delete;
  BusySandbox& operator=(const BusySandbox&) = delete;

  // Empty if it could not be opened.
  [[nodiscard]] const std::string& id() const { return id_; }
  // Loads an object as `name` and attaches its programs.
  [[nodiscard]] grpc::Status Load(const std::string& name, const std::string& object,
                                  const std::vector<std::string>& attach, v1::LoadProgramResponse& response);
  // Three attached programs of the shipped objects, and a connection: what a test of a mesh has.
  // The server is at `port` of 127.0.0.1.
  [[nodiscard]] grpc::Status Fill(int port = 7000);
  // Makes a server there and a connection to it.
  [[nodiscard]] grpc::Status ConnectToItself(int port);
  // Makes a connection to the server there whose worker keeps so much of what came, for good: a megabyte at
  // most.
  [[nodiscard]] grpc::Status Keep(size_t bytes, int port = 7000);
  [[nodiscard]] grpc::Status Close(v1::CloseSandboxResponse& ledger);
  // Waits for the sandbox's last event; its reason is unspecified if there was none.
  [[nodiscard]] v1::SandboxEnded WaitForEnd();

 private:
  Caller& caller_;
  grpc::ClientContext lease_context_;
  Caller::Lease lease_;
  std::string id_;
  int kept_ = 0;
};

}  // namespace bpfrig::tests
