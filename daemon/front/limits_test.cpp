// What one caller can take from another: nothing but what is beyond the reserve. Through a real channel; the
// caller is this test's user.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/front/testing/front_fixture.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace bpfrig::front {
namespace {

using internal::v1::CallReply;
using internal::v1::CallRequest;
using ::testing::HasSubstr;

std::string Me() { return absl::StrCat("user ", ::getuid()); }

class LimitsTest : public FrontFixture {
 protected:
  void SetUp() override { waiting_ = std::make_unique<std::atomic<int>>(0); }

  // Receives wait until they are cancelled, everything else is answered.
  void StartWaitingFront(const ipc::FrontLimits& limits, absl::Duration silence = absl::Seconds(10)) {
    FrontOptions options;
    options.limits = limits;
    options.silence = silence;
    StartFront(
        [this](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest& request) {
          if (request.has_receive()) {
            ++*waiting_;
            return worker.AwaitCancel(call);
          }
          CallReply reply;
          reply.mutable_attach();
          Answer(call, reply);
        },
        options);
  }

  void AwaitWaiting(int count) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (*waiting_ < count && absl::Now() < deadline) std::this_thread::yield();
    ASSERT_GE(*waiting_, count);
  }

  // A connected client that says nothing.
  common::Fd ConnectSilently() {
    common::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

  // Reads what the server says by itself, up to the end.
  static bool AwaitHangUp(const common::Fd& fd) {
    std::string buffer(4096, '\0');
    const absl::Time deadline = absl::Now() + kPatience;
    while (WaitForAny({fd.Get()}, deadline).ok()) {
      if (::read(fd.Get(), buffer.data(), buffer.size()) <= 0) return true;
    }
    return false;
  }

  std::unique_ptr<std::atomic<int>> waiting_;
};

// Receives under way, cancelled at the end.
class Receives {
 public:
  Receives(v1::BpfRig::Stub& stub, const std::string& sandbox, int count) {
    for (int i = 0; i < count; ++i) {
      contexts_.push_back(std::make_unique<grpc::ClientContext>());
      threads_.emplace_back([&stub, sandbox, context = contexts_.back().get()] {
        v1::ReceiveRequest request;
        request.set_sandbox(sandbox);
        request.mutable_at()->set_connection("c");
        v1::ReceiveResponse response;
        (void)stub.Receive(context, request, &response);
      });
    }
  }
  ~Receives() {
    for (const auto& context : contexts_) context->TryCancel();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts_;
  std::vector<std::thread> threads_;
};

TEST_F(LimitsTest, WaitsKeepNobodyFromOpeningClosingAndAsking) {
  StartWaitingFront({.max_sandboxes = 4, .max_calls = 32});
  ASSERT_TRUE(supervisor().AwaitReady());
  const OpenedSandbox sandbox(stub());
  const Receives receives(stub(), sandbox.id(), 28);
  AwaitWaiting(28);
  const grpc::Status refused = Attach(sandbox.id());
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailOf(refused).reason(), v1::ERROR_REASON_LIMIT_REACHED);
  EXPECT_EQ(refused.error_message(),
            absl::StrCat("starting a call: ", Me(), " has 28 calls under way, and one caller may have 28"));
  EXPECT_THAT(DetailOf(refused).hint(), HasSubstr("--max-calls-per-caller"));

  const OpenedSandbox another(stub());
  EXPECT_FALSE(another.id().empty());
  grpc::ClientContext info_context;
  v1::GetInfoResponse info;
  EXPECT_TRUE(stub().GetInfo(&info_context, {}, &info).ok());
  grpc::ClientContext health_context;
  grpc::health::v1::HealthCheckResponse health;
  EXPECT_TRUE(grpc::health::v1::Health::NewStub(channel())->Check(&health_context, {}, &health).ok());
  grpc::ClientContext close_context;
  v1::CloseSandboxRequest close;
  close.set_sandbox(sandbox.id());
  v1::CloseSandboxResponse closed;
  EXPECT_TRUE(stub().CloseSandbox(&close_context, close, &closed).ok());
  EXPECT_TRUE(closed.closed());
}

TEST_F(LimitsTest, OneCallerGetsAllSandboxesButTheReserve) {
  StartWaitingFront({.max_sandboxes = 4});
  ASSERT_TRUE(supervisor().AwaitReady());
  std::vector<std::unique_ptr<OpenedSandbox>> opened;
  for (int i = 0; i < 3; ++i) opened.push_back(std::make_unique<OpenedSandbox>(stub()));
  OpenedSandbox one_too_many(stub());
  const grpc::Status refused = one_too_many.Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            absl::StrCat("opening a sandbox: ", Me(), " has 3 sandboxes open, and one caller may have 3"));
  EXPECT_THAT(DetailOf(refused).hint(), HasSubstr("--max-sandboxes-per-caller"));

  grpc::ClientContext context;
  v1::CloseSandboxRequest close;
  close.set_sandbox(opened.front()->id());
  v1::CloseSandboxResponse closed;
  EXPECT_TRUE(stub().CloseSandbox(&context, close, &closed).ok());
  EXPECT_FALSE(OpenedSandbox(stub()).id().empty()) << "a closed sandbox counts no more";
}

TEST_F(LimitsTest, RequestsUnderWayHaveBoundedSize) {
  StartFront(
      [this](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest&) {
        ++*waiting_;
        worker.AwaitCancel(call);
      },
      {.limits = {.max_request_memory = 32}});
  const OpenedSandbox sandbox(stub());
  v1::LoadProgramRequest request;
  request.set_sandbox(sandbox.id());
  request.set_name("o");
  request.set_object(std::string(15 << 20, 'o'));
  grpc::ClientContext waiting_context;
  std::thread waiting([&] {
    v1::LoadProgramResponse response;
    (void)stub().LoadProgram(&waiting_context, request, &response);
  });
  AwaitWaiting(1);
  grpc::ClientContext context;
  v1::LoadProgramResponse response;
  const grpc::Status refused = stub().LoadProgram(&context, request, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            absl::StrCat("starting a call: ", Me(),
                         " has 16 MiB of requests under way, and one caller may have 28"));
  EXPECT_THAT(DetailOf(refused).hint(), HasSubstr("--max-request-memory-per-caller"));
  waiting_context.TryCancel();
  waiting.join();
}

TEST_F(LimitsTest, OneCallerGetsAllConnectionsButTheReserve) {
  StartWaitingFront({.max_connections = 4}, absl::Milliseconds(300));
  ASSERT_TRUE(supervisor().AwaitReady());
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  grpc::Status last;
  for (int i = 0; i < 4; ++i) {
    channels.push_back(NewChannel());
    grpc::ClientContext context;
    v1::AttachRequest request;
    request.set_sandbox("0123456789abcdef");
    request.mutable_target()->set_program("p");
    v1::AttachResponse response;
    last = v1::BpfRig::NewStub(channels.back())->Attach(&context, request, &response);
    const bool fits = i < 3;
    EXPECT_EQ(last.error_code(), fits ? grpc::StatusCode::NOT_FOUND : grpc::StatusCode::RESOURCE_EXHAUSTED)
        << last.error_message();
  }
  EXPECT_EQ(last.error_message(),
            absl::StrCat("taking a connection: ", Me(), " has 3 connections, and one caller may have 3"));
  EXPECT_THAT(DetailOf(last).hint(), HasSubstr("--max-connections-per-caller"));
}

TEST_F(LimitsTest, ConnectionsWithoutACallEnd) {
  StartWaitingFront({}, absl::Milliseconds(100));
  const OpenedSandbox sandbox(stub());
  const common::Fd silent = ConnectSilently();
  EXPECT_TRUE(AwaitHangUp(silent));
  EXPECT_TRUE(Attach(sandbox.id()).ok()) << "a connection with calls stays";
}

TEST_F(LimitsTest, SilentConnectionsMakeRoomForNewOnes) {
  StartWaitingFront({.max_unauthorised_connections = 2}, absl::Seconds(60));
  const common::Fd first = ConnectSilently();
  const common::Fd second = ConnectSilently();
  const OpenedSandbox sandbox(stub());
  EXPECT_FALSE(sandbox.id().empty());
  EXPECT_TRUE(AwaitHangUp(first)) << "the oldest goes";
}

TEST_F(LimitsTest, AHealthWatchKeepsItsConnection) {
  StartWaitingFront({}, absl::Milliseconds(100));
  ASSERT_TRUE(supervisor().AwaitReady());
  const auto channel = NewChannel();
  grpc::ClientContext context;
  const auto watch = grpc::health::v1::Health::NewStub(channel)->Watch(&context, {});
  grpc::health::v1::HealthCheckResponse health;
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  const common::Fd silent = ConnectSilently();
  ASSERT_TRUE(AwaitHangUp(silent));  // so that more than the time has passed
  EXPECT_EQ(channel->GetState(false), GRPC_CHANNEL_READY);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace bpfrig::front
