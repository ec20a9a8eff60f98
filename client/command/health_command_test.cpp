// `bpfrig health`, with a health service that answers as the test tells it.
#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/testing/command_fixture.h"
#include "client/testing/fake_daemon.h"
#include "common/fd.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace bpfrig::client::command {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::HasSubstr;
using testing::StartsWith;

// For what should come at once.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(30);

class FakeHealth : public grpc::health::v1::Health::Service {
 public:
  // If set, calls without this token are refused.
  std::string token;

  ~FakeHealth() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  void Start(const std::string& address) {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    server_ = builder.BuildAndStart();
  }
  void Set(HealthCheckResponse::ServingStatus status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    status_ = status;
    changed_.notify_all();
  }
  // Until somebody watches.
  void AwaitWatcher() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, kPatience, [this] { return watched_; });
  }

  grpc::Status Check(grpc::ServerContext* context, const HealthCheckRequest*,
                     HealthCheckResponse* response) override {
    if (grpc::Status status = Authenticate(*context); !status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    response->set_status(status_);
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context, const HealthCheckRequest*,
                     grpc::ServerWriter<HealthCheckResponse>* writer) override {
    if (grpc::Status status = Authenticate(*context); !status.ok()) return status;
    std::unique_lock<std::mutex> lock(mutex_);
    HealthCheckResponse response;
    while (!context->IsCancelled()) {
      if (response.status() != status_) {
        response.set_status(status_);
        writer->Write(response);
        watched_ = true;
        changed_.notify_all();
      }
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    return grpc::Status::CANCELLED;
  }

 private:
  grpc::Status Authenticate(const grpc::ServerContext& context) const {
    if (token.empty()) return grpc::Status::OK;
    const auto header = context.client_metadata().find("authorization");
    if (header != context.client_metadata().end() && header->second == "Bearer " + token) {
      return grpc::Status::OK;
    }
    return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "no good token");
  }

  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  HealthCheckResponse::ServingStatus status_ = HealthCheckResponse::SERVING;
  bool watched_ = false;
};

class HealthCommandTest : public CommandFixture {
 protected:
  HealthCommandTest() { options_.target = target_; }

  Outcome Ask() {
    return Captured([this] { return PrintHealth(options_); });
  }

  HealthOptions options_;
};

TEST_F(HealthCommandTest, TellsServingFromNotServing) {
  FakeHealth health;
  health.Start(target_);
  Outcome outcome = Ask();
  EXPECT_EQ(outcome.code, kAllPassed);
  EXPECT_EQ(outcome.out, "SERVING\n");
  health.Set(HealthCheckResponse::NOT_SERVING);
  outcome = Ask();
  EXPECT_EQ(outcome.code, kRigFailed);
  EXPECT_EQ(outcome.out, "NOT_SERVING: the daemon at " + target_ +
                             " is probing the kernel or shutting down; its log says which\n");
}

TEST_F(HealthCommandTest, SaysThatNothingAnswers) {
  for (const bool wait : {false, true}) {
    options_.wait = wait;
    options_.timeout_seconds = wait ? 0.3 : 600;
    const Outcome outcome = Ask();
    EXPECT_EQ(outcome.code, kRigFailed);
    EXPECT_EQ(outcome.err, "bpfrig: nothing answers at " + target_ +
                               ": No such file or directory; is bpfrigd running there?\n");
  }
}

TEST_F(HealthCommandTest, SendsTheTokenAndDoesNotWaitWhenItIsWrong) {
  FakeHealth health;
  health.token = "right";
  health.Start(target_);
  options_.credentials.token = "wrong";
  options_.timeout_seconds = 600;  // Longer than this test may take.
  for (const bool wait : {false, true}) {
    options_.wait = wait;
    const Outcome outcome = Ask();
    EXPECT_EQ(outcome.code, kRigFailed);
    EXPECT_THAT(outcome.err, StartsWith("bpfrig: the daemon at " + target_ +
                                        " refuses: UNAUTHENTICATED: no good token; "));
  }
  options_.credentials.token = "right";
  for (const bool wait : {false, true}) {
    options_.wait = wait;
    EXPECT_EQ(Ask().code, kAllPassed);
  }
}

TEST_F(HealthCommandTest, SaysThatThereIsNoHealthService) {
  daemon::FakeDaemon daemon;
  daemon.Start(target_);
  const Outcome outcome = Ask();
  EXPECT_EQ(outcome.code, kRigFailed);
  EXPECT_THAT(outcome.err, HasSubstr("does not know what was asked"));
  daemon.Stop();
}

TEST_F(HealthCommandTest, WaitsUntilItServes) {
  FakeHealth health;
  health.Set(HealthCheckResponse::NOT_SERVING);
  health.Start(target_);
  options_.wait = true;
  options_.timeout_seconds = 0.3;
  EXPECT_THAT(Ask().out, StartsWith("NOT_SERVING: "));
  options_.timeout_seconds = 600;
  std::thread daemon([&] {
    health.AwaitWatcher();
    health.Set(HealthCheckResponse::SERVING);
  });
  EXPECT_EQ(Ask().out, "SERVING\n");
  daemon.join();
}

TEST_F(HealthCommandTest, WaitsForADaemonThatIsNotThereYet) {
  // A listener that hangs up on the first caller: then the client has certainly tried.
  const std::string path = (directory_ / "socket").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  common::Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ASSERT_EQ(bind(listener.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener.Get(), 1), 0);
  FakeHealth health;
  std::thread daemon([&] {
    pollfd poll_fd{listener.Get(), POLLIN, 0};
    EXPECT_EQ(poll(&poll_fd, 1, static_cast<int>(kPatience.count())), 1);
    const common::Fd call(accept4(listener.Get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    listener.Close();
    std::filesystem::remove(path);
    health.Start(target_);
  });
  options_.wait = true;
  options_.timeout_seconds = 600;
  EXPECT_EQ(Ask().out, "SERVING\n");
  daemon.join();
}

TEST_F(HealthCommandTest, IsAUsageErrorWithABadTarget) {
  options_.target = "nonsense";
  EXPECT_EQ(Ask().code, kUsageError);
}

}  // namespace
}  // namespace bpfrig::client::command
