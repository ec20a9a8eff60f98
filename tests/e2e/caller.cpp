#include "tests/e2e/caller.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace bpfrig::tests {
namespace {

std::unique_ptr<v1::BpfRig::Stub> Connect(const Daemon& daemon) {
  return v1::BpfRig::NewStub(grpc::CreateChannel(daemon.Target(), grpc::InsecureChannelCredentials()));
}

}  // namespace

void OpenedSandbox::Parse(const std::string& text, google::protobuf::Message& message) {
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
}

OpenedSandbox::OpenedSandbox(const Daemon& daemon, const std::string& request) : stub_(Connect(daemon)) {
  v1::OpenSandboxRequest message;
  Parse(request, message);
  lease_ = stub_->OpenSandbox(&lease_context_, message);
  v1::OpenSandboxResponse response;
  if (!lease_->Read(&response)) {
    ADD_FAILURE() << "the sandbox did not open: " << lease_->Finish().error_message();
    lease_.reset();
    return;
  }
  id_ = response.opened().sandbox();
}

OpenedSandbox::~OpenedSandbox() { LetGo(); }

void OpenedSandbox::LetGo() {
  if (!lease_) return;
  lease_context_.TryCancel();
  v1::OpenSandboxResponse response;
  while (lease_->Read(&response)) {
  }
  (void)lease_->Finish();
  lease_.reset();
}

v1::LoadedObject OpenedSandbox::Load(const std::string& name, const std::string& elf,
                                     const std::string& more) {
  v1::LoadProgramRequest request;
  Parse(more, request);
  request.set_sandbox(id_);
  request.set_name(name);
  request.set_object(elf);
  v1::LoadProgramResponse response;
  const grpc::Status status = CallWith(&v1::BpfRig::Stub::LoadProgram, request, response);
  EXPECT_TRUE(status.ok() && response.has_loaded()) << status.error_message() << response.ShortDebugString();
  return response.loaded();
}

v1::SandboxEnded OpenedSandbox::AwaitEnd() {
  v1::OpenSandboxResponse response;
  EXPECT_TRUE(lease_ && lease_->Read(&response)) << "the lease ended without a word";
  return response.ended();
}

grpc::Status OpenedSandbox::Close(v1::CloseSandboxResponse& ledger) {
  return Call(&v1::BpfRig::Stub::CloseSandbox, "", ledger);
}

grpc::Status RefusedToOpen(const Daemon& daemon, const std::string& request) {
  v1::OpenSandboxRequest message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(request, &message)) << request;
  const auto stub = Connect(daemon);
  grpc::ClientContext context;
  const auto lease = stub->OpenSandbox(&context, message);
  v1::OpenSandboxResponse response;
  while (lease->Read(&response)) {
    ADD_FAILURE() << response.ShortDebugString();
    context.TryCancel();
  }
  return lease->Finish();
}

v1::GetInfoResponse AskInfo(const Daemon& daemon) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::GetInfoResponse info;
  const grpc::Status status = Connect(daemon)->GetInfo(&context, v1::GetInfoRequest(), &info);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return info;
}

v1::ErrorDetail DetailOf(const grpc::Status& status) {
  v1::RpcStatus rpc_status;
  v1::ErrorDetail detail;
  if (rpc_status.ParseFromString(status.error_details()) && rpc_status.details_size() == 1) {
    (void)rpc_status.details(0).UnpackTo(&detail);
  }
  return detail;
}

}  // namespace bpfrig::tests
