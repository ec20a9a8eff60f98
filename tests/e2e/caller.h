// A caller of the daemon's API that is not `bpfrig`: it chooses each call's deadline, and sees the very
// answer. Requests are in protobuf's text format.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "bpfrig/v1/error.pb.h"
#include "tests/e2e/rig.h"

namespace bpfrig::tests {

using Milliseconds = std::chrono::milliseconds;

// A sandbox, open until it is destroyed or closed.
class OpenedSandbox {
 public:
  // Fails the test if it does not open.
  OpenedSandbox(const Daemon& daemon, const std::string& request);
  ~OpenedSandbox();
  OpenedSandbox(const OpenedSandbox&) = delete;
  OpenedSandbox& operator=(const OpenedSandbox&) = delete;

  // Calls the method, with the sandbox's id in the request.
  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::BpfRig::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& request, Response& response, Milliseconds deadline = kPatience) {
    Request message;
    Parse(request, message);
    message.set_sandbox(id_);
    return CallWith(method, message, response, deadline);
  }
  template <class Request, class Response>
  grpc::Status CallWith(grpc::Status (v1::BpfRig::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                 Response*),
                        const Request& request, Response& response, Milliseconds deadline = kPatience) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    return ((*stub_).*method)(&context, request, &response);
  }

  // Loads an object; further fields of the request in `more`. Fails the test if it does not load.
  v1::LoadedObject Load(const std::string& name, const std::string& elf, const std::string& more);
  // The lease's last message, once it comes. Fails the test if none comes.
  v1::SandboxEnded AwaitEnd();
  grpc::Status Close(v1::CloseSandboxResponse& ledger);
  // Lets go of the lease without waiting for what becomes of the sandbox.
  void LetGo();

  [[nodiscard]] const std::string& id() const { return id_; }
  // For calls that are streams.
  [[nodiscard]] v1::BpfRig::Stub& stub() { return *stub_; }

 private:
  static void Parse(const std::string& text, google::protobuf::Message& message);

  std::unique_ptr<v1::BpfRig::Stub> stub_;
  grpc::ClientContext lease_context_;
  std::unique_ptr<grpc::ClientReader<v1::OpenSandboxResponse>> lease_;
  std::string id_;
};

// How opening fails; fails the test if it does not.
grpc::Status RefusedToOpen(const Daemon& daemon, const std::string& request);

[[nodiscard]] v1::GetInfoResponse AskInfo(const Daemon& daemon);

// What an error carries.
[[nodiscard]] v1::ErrorDetail DetailOf(const grpc::Status& status);

}  // namespace bpfrig::tests
