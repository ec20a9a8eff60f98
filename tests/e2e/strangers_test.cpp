// What whoever may not call can cost those who may, and the daemon's log.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "common/fd.h"
#include "tests/e2e/remote_rig.h"
#include "tests/e2e/rig.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kTokenVariable = {std::string("BPFRIGD_TOKEN=") + kToken};

// Reads what comes, up to the end.
bool HangsUp(const common::Fd& fd, std::chrono::milliseconds limit) {
  return WaitUntil(limit, [&] {
    char buffer[4096];
    while (true) {
      const ssize_t count = ::recv(fd.Get(), buffer, sizeof(buffer), MSG_DONTWAIT);
      if (count == 0 || (count < 0 && errno != EAGAIN)) return true;
      if (count < 0) return false;
    }
  });
}

std::vector<std::string> Lines(const std::string& log) {
  std::vector<std::string> lines = absl::StrSplit(log, '\n', absl::SkipEmpty());
  return lines;
}

TEST(StrangersTest, SilentConnectionsLockNobodyOut) {
  const RemoteDaemon daemon({"--max-unauthorised-connections", "8"}, kTokenVariable);
  std::vector<common::Fd> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(ConnectTo(daemon.Address()));
  EXPECT_TRUE(CallEmpty(daemon.Connect(grpc::InsecureChannelCredentials()), kGetInfo, kToken).ok());
  EXPECT_TRUE(HangsUp(silent.front(), kPatience)) << "the oldest make room";
}

TEST(StrangersTest, AConnectionOnWhichEveryCallIsRefusedEndsAfterTenSeconds) {
  RemoteDaemon daemon({}, kTokenVariable);
  const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
  const auto friends = daemon.Connect(grpc::InsecureChannelCredentials());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(CallEmpty(friends, kGetInfo, kToken).ok());
  // On a busy machine more would not be over in these seconds.
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(CallEmpty(channel, kGetInfo).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(WaitUntil(kPatience, [&] { return channel->GetState(false) != GRPC_CHANNEL_READY; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(9));
  EXPECT_EQ(friends->GetState(false), GRPC_CHANNEL_READY);
  EXPECT_THAT(daemon.Log(),
              HasSubstr("ended a connection from 127.0.0.1: no call that was let in came in 10s"));
}

TEST(StrangersTest, AConnectionWithTooManyRefusedCallsIsReadNoFurther) {
  RemoteDaemon daemon({}, kTokenVariable);
  const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
  const auto call_until_unheard = [&] {
    EXPECT_TRUE(WaitUntil(kPatience, [&] {
      return CallEmpty(channel, kGetInfo).error_code() != grpc::StatusCode::UNAUTHENTICATED;
    }));
  };
  // Side by side, so that on a busy machine too there are more of them than are forgotten meanwhile.
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) callers.emplace_back(call_until_unheard);
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(daemon.Log(), HasSubstr("more than 128 of its calls were given up or are not over"));
}

TEST(StrangersTest, RefusalsDoNotFillTheLog) {
  // More calls than these on one connection would end it, and so would ten seconds.
  constexpr size_t kConnections = 50;
  constexpr size_t kCalls = 40;
  RemoteDaemon daemon({}, kTokenVariable);
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < kConnections; ++i) {
    const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
    for (size_t call = 0; call < kCalls; ++call) {
      EXPECT_EQ(CallEmpty(channel, kGetInfo).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    }
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count();
  const std::string log = daemon.End();
  EXPECT_LE(Count(log, "no token"), 2 * static_cast<size_t>(seconds + 2)) << log;
  EXPECT_THAT(log, HasSubstr("more times"));
}

// Lines of calls that failed.
constexpr int kMoreThanAPipeHolds = 1500;

TEST(LogTest, ALogThatNobodyReadsKeepsTheDaemonFromNothing) {
  RemoteDaemon daemon({"--log-level", "debug"}, kTokenVariable);
  (void)daemon.Log();  // from here on nobody reads
  const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
  // Each says why it failed, in the log too.
  for (int i = 0; i < kMoreThanAPipeHolds; ++i) {
    ASSERT_EQ(CallEmpty(channel, "/bpfrig.v1.BpfRig/Attach", kToken).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_TRUE(CallEmpty(channel, kGetInfo, kToken).ok());
  daemon.Signal(SIGTERM);
  EXPECT_TRUE(WaitUntil(kPatience, [&] {
    return StatusField(daemon.Pid(), "State").find('Z') != std::string::npos;
  })) << "the supervisor must not wait for its log";
}

TEST(LogTest, SaysHowMuchIsMissing) {
  RemoteDaemon daemon({"--log-level", "debug"}, kTokenVariable);
  const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
  for (int i = 0; i < kMoreThanAPipeHolds; ++i) (void)CallEmpty(channel, "/bpfrig.v1.BpfRig/Attach", kToken);
  (void)daemon.Log();
  (void)CallEmpty(channel, "/bpfrig.v1.BpfRig/Attach", kToken);
  EXPECT_TRUE(daemon.AwaitLog("lines: the log had no room for them"));
}

TEST(LogTest, HasNoIdByWhichASandboxCouldBeUsed) {
  RemoteDaemon daemon({"--log-level", "debug"}, kTokenVariable);
  const auto stub = v1::BpfRig::NewStub(daemon.Connect(grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata("authorization", std::string("Bearer ") + kToken);
  v1::OpenSandboxRequest request;
  request.set_label("mine");
  const auto lease = stub->OpenSandbox(&context, request);
  v1::OpenSandboxResponse opened;
  ASSERT_TRUE(lease->Read(&opened));
  context.TryCancel();
  (void)lease->Finish();
  ASSERT_TRUE(daemon.AwaitLog("\"mine\" ended after"));
  EXPECT_THAT(daemon.End(), Not(HasSubstr(opened.opened().sandbox())));
}

TEST(LogTest, IsJsonOfAllProcessesIfAsked) {
  RemoteDaemon daemon({"--log-format", "json", "--log-level", "debug"}, kTokenVariable);
  EXPECT_TRUE(CallEmpty(daemon.Connect(grpc::InsecureChannelCredentials()), kGetInfo, kToken).ok());
  std::set<std::string> processes;
  const std::string log = daemon.End();
  for (const std::string& line : Lines(log)) {
    google::protobuf::Struct object;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &object).ok()) << log;
    for (const char* field : {"time", "level", "process", "message"}) {
      EXPECT_EQ(object.fields().count(field), 1u) << field << " in " << line;
    }
    processes.insert(object.fields().at("process").string_value());
  }
  EXPECT_THAT(processes, ::testing::IsSupersetOf({"supervisor", "front"}));
}

}  // namespace
}  // namespace bpfrig::tests
