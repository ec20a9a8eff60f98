// Workers, clients and daemons that come to a hard end, again and again, while another client runs the
// shipped plans on the same daemon: not one of them may fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <vector>

#include "tests/reliability/hard_ends.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

using std::chrono::steady_clock;
using ::testing::HasSubstr;

TEST_F(HardEndsTest, KilledWorkers) {
  {
    const PlansMeanwhile plans(daemon_.Target());
    Repeat("killed worker", [&] {
      const Victim victim = MakeVictim();
      ASSERT_EQ(::kill(victim.worker, SIGKILL), 0);
      EXPECT_EQ(victim.sandbox->WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
    });
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, StoppedWorkersAreClosed) {
  {
    const PlansMeanwhile plans(daemon_.Target());
    Repeat("close of a stopped worker", [&] {
      const Victim victim = MakeVictim();
      ASSERT_EQ(::kill(victim.worker, SIGSTOP), 0);
      v1::CloseSandboxResponse ledger;
      const auto started = steady_clock::now();
      (void)victim.sandbox->Close(ledger);
      EXPECT_LT(steady_clock::now() - started, kSoon);
    });
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, WorkersOutOfDescriptors) {
  v1::OpenSandboxRequest request;
  request.mutable_limits()->set_open_files(64);
  {
    const PlansMeanwhile plans(daemon_.Target());
    Repeat("sandbox out of descriptors", [&] {
      const Victim victim = MakeVictim(request);
      grpc::Status status;
      for (int port = 20000; status.ok() && port < 20100; ++port) {
        status = victim.sandbox->ConnectToItself(port);
      }
      EXPECT_THAT(status.error_message(), HasSubstr("open files"));
      v1::CloseSandboxResponse ledger;
      const grpc::Status closed = victim.sandbox->Close(ledger);
      EXPECT_TRUE(closed.ok() && ledger.closed()) << closed.error_message();
      EXPECT_EQ(ledger.links(), 3U);
    });
  }
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, ClientsThatNoLongerAnswer) {
  const int count = Scaled(4, 50);
  {
    const PlansMeanwhile plans(daemon_.Target());
    std::vector<Subprocess> clients;
    for (int i = 0; i < count; ++i) {
      clients.push_back(Subprocess::Start({Binary("reliability_client"), daemon_.Target()}));
    }
    for (Subprocess& client : clients)
      EXPECT_TRUE(client.WaitForOutput("filled", kPatience)) << client.Output();
    for (Subprocess& client : clients) client.Signal(SIGSTOP);
    const auto has_ended = [&] { return daemon_.Workers().size() <= 1; };
    EXPECT_TRUE(WaitUntil(kPingLimit, has_ended));
  }
  Report("clients that no longer answer", std::to_string(count));
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, OtherDaemonsTerminatedUnderLoad) {
  const PlansMeanwhile plans(daemon_.Target());
  const int count = Scaled(4, 100);
  std::chrono::duration<double> slowest{0};
  for (int i = 0; i < count; ++i) {
    Daemon other;
    Caller caller(other.Target());
    BusySandbox one(caller, {}), two(caller, {});
    ASSERT_TRUE(one.Fill().ok() && two.Fill().ok());
    const auto started = steady_clock::now();
    ASSERT_EQ(::kill(other.Pid(), SIGTERM), 0);
    EXPECT_EQ(other.Wait(kPatience).status, 0);
    slowest = std::max(slowest, std::chrono::duration<double>(steady_clock::now() - started));
    EXPECT_EQ(one.WaitForEnd().reason(), v1::SANDBOX_END_REASON_SHUTDOWN);
  }
  EXPECT_LT(slowest, kSoon);
  Report("SIGTERM under load: times", std::to_string(count));
  Report("SIGTERM under load: slowest end, in s", std::to_string(slowest.count()));
}

TEST_F(HardEndsTest, OtherDaemonsKilledAndStartedAgain) {
  const PlansMeanwhile plans(daemon_.Target());
  const int count = Scaled(4, 100);
  for (int i = 0; i < count; ++i) {
    Daemon other;
    Caller caller(other.Target());
    BusySandbox sandbox(caller, {});
    ASSERT_TRUE(sandbox.Fill().ok());
    const std::vector<pid_t> workers = other.Workers();
    ASSERT_EQ(workers.size(), 1U);
    ASSERT_EQ(::kill(other.Pid(), SIGKILL), 0);
    EXPECT_EQ(other.Wait(kPatience).signal, SIGKILL);
    EXPECT_TRUE(WaitUntil(kSoon, [&] { return CommandLineOf(workers.front()).empty(); }));
  }
  // Takes away what the last of them left.
  const Daemon next;
  EXPECT_TRUE(SameDaemon(next).StillServes());
  Report("kill -9 of a daemon: times", std::to_string(count));
}

}  // namespace
}  // namespace bpfrig::tests
