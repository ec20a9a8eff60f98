// For tests: a BpfRig service that answers as it is told, over a real channel, with sandboxes that open and
// end. Stands where bpfrigd would.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "bpfrig/v1/error.pb.h"

namespace bpfrig::client::daemon {

// An RPC error as the daemon makes them.
inline grpc::Status DaemonError(grpc::StatusCode code, bpfrig::v1::ErrorReason reason,
                                const std::string& message, const std::string& field = "",
                                const std::string& errno_name = "") {
  bpfrig::v1::ErrorDetail detail;
  detail.set_errno_name(errno_name);
  detail.set_reason(reason);
  detail.set_field(field);
  bpfrig::v1::RpcStatus status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(detail);
  return {code, message, status.SerializeAsString()};
}

class FakeDaemon : public bpfrig::v1::BpfRig::Service {
 public:
  // What the calls answer; if one is not set, success and nothing in it.
  std::function<grpc::Status(const grpc::ServerContext&)> authenticate;
  std::function<grpc::Status()> open;
  std::function<grpc::Status(const bpfrig::v1::LoadProgramRequest&, bpfrig::v1::LoadProgramResponse&)> load;
  std::function<grpc::Status(const bpfrig::v1::ListenRequest&)> listen;
  std::function<grpc::Status(const bpfrig::v1::ConnectRequest&, bpfrig::v1::ConnectResponse&)> connect;
  std::function<grpc::Status(const bpfrig::v1::ReceiveRequest&, bpfrig::v1::ReceiveResponse&)> receive;
  // Receive answers only once the client has given up.
  std::atomic<bool> receive_waits{false};
  std::function<void(const bpfrig::v1::RunProgramRequest&, bpfrig::v1::RunProgramResponse&)> run;
  std::function<bpfrig::v1::ProgramInstructions()> instructions;
  std::function<void(const bpfrig::v1::ReadGlobalsRequest&, bpfrig::v1::ReadGlobalsResponse&)> globals;
  std::function<void(const bpfrig::v1::GetSocketOptionRequest&, bpfrig::v1::GetSocketOptionResponse&)>
      socket_option;
  std::function<grpc::Status(const bpfrig::v1::DetachRequest&)> detach;
  // If it is not set, the daemon is one that lacks the call.
  std::function<void(bpfrig::v1::CountRunsResponse&)> count_runs;
  std::function<void(const bpfrig::v1::DumpMapRequest&, std::vector<bpfrig::v1::DumpMapResponse>&)> dump;
  std::function<void(const bpfrig::v1::ReadEventsRequest&, std::vector<bpfrig::v1::ReadEventsResponse>&)>
      events;
  std::function<grpc::Status(const std::vector<bpfrig::v1::SeedMapRequest>&)> seed;
  bpfrig::v1::CloseSandboxResponse ledger;
  bpfrig::v1::GetInfoResponse info;
  std::atomic<int> opened{0};

  FakeDaemon() {
    ledger.set_closed(true);
    info.set_version(BPFRIG_VERSION);
  }

  // Serves in this process; with an address, also there.
  std::shared_ptr<grpc::Channel> Start(
      const std::string& address = "",
      const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    if (!address.empty()) builder.AddListeningPort(address, credentials, &port_);
    server_ = builder.BuildAndStart();
    return server_->InProcessChannel({});
  }
  // Where the address was one of TCP.
  [[nodiscard]] int port() const { return port_; }
  void Stop() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  // Ends every sandbox's lease with this message.
  void EndSandboxes(const bpfrig::v1::SandboxEnded& ended) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = ended;
    changed_.notify_all();
  }

  grpc::Status OpenSandbox(grpc::ServerContext* context, const bpfrig::v1::OpenSandboxRequest*,
                           grpc::ServerWriter<bpfrig::v1::OpenSandboxResponse>* writer) override {
    if (open) {
      if (grpc::Status status = open(); !status.ok()) return status;
    }
    bpfrig::v1::OpenSandboxResponse response;
    const std::string id = absl::StrCat("sandbox-", ++opened);
    response.mutable_opened()->set_sandbox(id);
    writer->Write(response);
    std::unique_lock<std::mutex> lock(mutex_);
    const auto is_over = [&] {
      return closed_.count(id) > 0 || ended_.has_value() || context->IsCancelled();
    };
    while (!is_over()) changed_.wait_for(lock, std::chrono::milliseconds(5));
    if (ended_) {
      *response.mutable_ended() = *ended_;
    } else {
      response.mutable_ended()->set_reason(bpfrig::v1::SANDBOX_END_REASON_CLOSED);
    }
    writer->Write(response);
    return grpc::Status::OK;
  }

  grpc::Status CloseSandbox(grpc::ServerContext*, const bpfrig::v1::CloseSandboxRequest* request,
                            bpfrig::v1::CloseSandboxResponse* response) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_.insert(request->sandbox());
    changed_.notify_all();
    *response = ledger;
    return grpc::Status::OK;
  }

  grpc::Status LoadProgram(grpc::ServerContext*, const bpfrig::v1::LoadProgramRequest* request,
                           bpfrig::v1::LoadProgramResponse* response) override {
    return load ? load(*request, *response) : grpc::Status::OK;
  }
  grpc::Status Attach(grpc::ServerContext*, const bpfrig::v1::AttachRequest*,
                      bpfrig::v1::AttachResponse*) override {
    return grpc::Status::OK;
  }
  grpc::Status Detach(grpc::ServerContext*, const bpfrig::v1::DetachRequest* request,
                      bpfrig::v1::DetachResponse*) override {
    return detach ? detach(*request) : grpc::Status::OK;
  }
  grpc::Status Listen(grpc::ServerContext*, const bpfrig::v1::ListenRequest* request,
                      bpfrig::v1::ListenResponse*) override {
    return listen ? listen(*request) : grpc::Status::OK;
  }
  grpc::Status CountRuns(grpc::ServerContext* context, const bpfrig::v1::CountRunsRequest* request,
                         bpfrig::v1::CountRunsResponse* response) override {
    if (!count_runs) return Service::CountRuns(context, request, response);
    count_runs(*response);
    return grpc::Status::OK;
  }
  grpc::Status Connect(grpc::ServerContext*, const bpfrig::v1::ConnectRequest* request,
                       bpfrig::v1::ConnectResponse* response) override {
    return connect ? connect(*request, *response) : grpc::Status::OK;
  }
  grpc::Status RunProgram(grpc::ServerContext*, const bpfrig::v1::RunProgramRequest* request,
                          bpfrig::v1::RunProgramResponse* response) override {
    if (run) run(*request, *response);
    return grpc::Status::OK;
  }
  grpc::Status ListInstructions(grpc::ServerContext*, const bpfrig::v1::ListInstructionsRequest*,
                                grpc::ServerWriter<bpfrig::v1::ListInstructionsResponse>* writer) override {
    bpfrig::v1::ListInstructionsResponse response;
    *response.mutable_program() = instructions();
    writer->Write(response);
    return grpc::Status::OK;
  }
  grpc::Status ReadGlobals(grpc::ServerContext*, const bpfrig::v1::ReadGlobalsRequest* request,
                           bpfrig::v1::ReadGlobalsResponse* response) override {
    globals(*request, *response);
    return grpc::Status::OK;
  }
  grpc::Status GetSocketOption(grpc::ServerContext*, const bpfrig::v1::GetSocketOptionRequest* request,
                               bpfrig::v1::GetSocketOptionResponse* response) override {
    socket_option(*request, *response);
    return grpc::Status::OK;
  }
  grpc::Status Receive(grpc::ServerContext* context, const bpfrig::v1::ReceiveRequest* request,
                       bpfrig::v1::ReceiveResponse* response) override {
    std::unique_lock<std::mutex> lock(mutex_);
    while (receive_waits && !context->IsCancelled()) changed_.wait_for(lock, std::chrono::milliseconds(5));
    lock.unlock();
    return receive ? receive(*request, *response) : grpc::Status::OK;
  }
  grpc::Status SeedMap(grpc::ServerContext*, grpc::ServerReader<bpfrig::v1::SeedMapRequest>* reader,
                       bpfrig::v1::SeedMapResponse*) override {
    std::vector<bpfrig::v1::SeedMapRequest> messages;
    bpfrig::v1::SeedMapRequest message;
    while (reader->Read(&message)) messages.push_back(message);
    return seed ? seed(messages) : grpc::Status::OK;
  }
  grpc::Status DumpMap(grpc::ServerContext*, const bpfrig::v1::DumpMapRequest* request,
                       grpc::ServerWriter<bpfrig::v1::DumpMapResponse>* writer) override {
    std::vector<bpfrig::v1::DumpMapResponse> messages;
    dump(*request, messages);
    for (const auto& message : messages) writer->Write(message);
    return grpc::Status::OK;
  }
  grpc::Status ReadEvents(grpc::ServerContext*, const bpfrig::v1::ReadEventsRequest* request,
                          grpc::ServerWriter<bpfrig::v1::ReadEventsResponse>* writer) override {
    std::vector<bpfrig::v1::ReadEventsResponse> messages;
    events(*request, messages);
    for (const auto& message : messages) writer->Write(message);
    return grpc::Status::OK;
  }
  grpc::Status GetInfo(grpc::ServerContext* context, const bpfrig::v1::GetInfoRequest*,
                       bpfrig::v1::GetInfoResponse* response) override {
    if (authenticate) {
      if (grpc::Status status = authenticate(*context); !status.ok()) return status;
    }
    *response = info;
    return grpc::Status::OK;
  }

 private:
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> closed_;
  std::optional<bpfrig::v1::SandboxEnded> ended_;
};

}  // namespace bpfrig::client::daemon
