// A whole Front between a fake supervisor and a real gRPC channel over a unix socket: the fixture of its
// tests.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "bpfrig/v1/error.pb.h"
#include "common/fd.h"
#include "common/testing/temporary_directory.h"
#include "daemon/front/front.h"
#include "daemon/front/testing/fake_supervisor.h"

namespace bpfrig::front {

// The detail that an error came with; empty if there is none.
v1::ErrorDetail DetailOf(const grpc::Status& status);

// A sandbox held open by its stream, which is cancelled at the end.
class OpenedSandbox {
 public:
  explicit OpenedSandbox(v1::BpfRig::Stub& stub, const v1::OpenSandboxRequest& request = {});
  ~OpenedSandbox();

  [[nodiscard]] const std::string& id() const { return id_; }
  void Cancel() { context_.TryCancel(); }
  // The rest of the stream: how the sandbox ended, if that is what came.
  std::optional<v1::SandboxEnded> AwaitEnd();
  // The stream's status, once it has ended.
  grpc::Status Finish();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::OpenSandboxResponse>> stream_;
  std::string id_;
  bool finished_ = false;
};

class FrontFixture : public ::testing::Test {
 protected:
  // Starts a front whose workers do `script`, beside what AnswerBasics() does; before either, `before`. Where
  // `refusal` is an error, workers do not start.
  void StartFront(FakeWorker::Script script, FrontOptions options = {},
                  std::function<void(const internal::v1::CallRequest&)> before = nullptr,
                  const absl::Status& refusal = absl::OkStatus());
  // How many workers it keeps ready; before StartFront. Most tests want to know which worker is whose.
  void SetSpares(uint32_t spares) { spares_ = spares; }
  // As the supervisor ends it: its pipe closes.
  absl::Status StopFront();
  void TearDown() override;

  [[nodiscard]] v1::BpfRig::Stub& stub() { return *stub_; }
  [[nodiscard]] FakeSupervisor& supervisor() { return *supervisor_; }
  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() { return channel_; }
  [[nodiscard]] std::string socket_path() const { return directory_ / "socket"; }
  // A channel that shares its connection with no other.
  [[nodiscard]] std::shared_ptr<grpc::Channel> NewChannel() const;
  // What Run() returned; waits for it.
  absl::Status AwaitEnd();

  // Attach, for tests that need some unary call.
  grpc::Status Attach(const std::string& sandbox, std::optional<absl::Duration> deadline = std::nullopt);

 private:
  const common::TemporaryDirectory directory_;
  uint32_t spares_ = 0;
  common::Fd lifeline_;
  std::unique_ptr<FakeSupervisor> supervisor_;
  std::unique_ptr<Front> front_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::BpfRig::Stub> stub_;
  absl::Status result_;
  std::thread runner_;
};

}  // namespace bpfrig::front
