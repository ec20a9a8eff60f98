// Whichever process is killed, nothing is left behind; the leak check around every test says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/e2e/rig.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

// Waits until a client's test is inside its long call: the worker then has both ends of a connection.
pid_t WaitForBusyWorker(const Daemon& daemon) {
  pid_t worker = -1;
  EXPECT_TRUE(WaitUntil(kPatience, [&] {
    for (const pid_t pid : daemon.Workers()) {
      const Outcome sockets =
          RunToEnd({"nsenter", "--net=/proc/" + std::to_string(pid) + "/ns/net", "cat", "/proc/net/tcp"});
      // State 01 is established; each connection on loopback shows twice.
      if (sockets.output.find(" 01 ") != std::string::npos) worker = pid;
    }
    return worker > 0;
  }));
  return worker;
}

bool ServesOn(const Daemon& daemon) {
  return RunToEnd({Binary("bpfrig"), "info", "--target", daemon.Target()}).status == 0;
}

TEST(DeathTest, KilledClientTakesItsSandboxAlongAndTheDaemonServesOn) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  const Daemon daemon;
  {
    Subprocess client = Subprocess::Start(RunCommand({"--target", daemon.Target(), plan.Path()}));
    ASSERT_GT(WaitForBusyWorker(daemon), 0);
    client.Signal(SIGKILL);
    EXPECT_EQ(client.Wait(kPatience).signal, SIGKILL);
  }
  EXPECT_TRUE(WaitUntil(kCleanUpLimit, [&] { return daemon.Workers().empty(); }));
  EXPECT_TRUE(ServesOn(daemon));
}

TEST(DeathTest, KilledWorkerInTheMiddleOfACallIsTheRigsFailure) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  const Daemon daemon;
  Subprocess client = Subprocess::Start(RunCommand({"--target", daemon.Target(), plan.Path()}));
  const pid_t worker = WaitForBusyWorker(daemon);
  ASSERT_GT(worker, 0);
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  const Outcome outcome = client.Wait(kCleanUpLimit);
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("SIGKILL"));
  EXPECT_THAT(outcome.output, HasSubstr("0 passed, 0 failed, 1 rig error"));
  EXPECT_TRUE(WaitUntil(kCleanUpLimit, [&] { return daemon.Workers().empty(); }));
  EXPECT_TRUE(ServesOn(daemon));
}

TEST(DeathTest, KilledFrontEndsTheDaemonAndAllItsSandboxes) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  Daemon daemon;
  Subprocess client = Subprocess::Start(RunCommand({"--target", daemon.Target(), plan.Path()}));
  ASSERT_GT(WaitForBusyWorker(daemon), 0);
  ASSERT_EQ(::kill(daemon.Front(), SIGKILL), 0);
  const Outcome ended = daemon.Wait(kCleanUpLimit);
  EXPECT_FALSE(ended.timed_out);
  EXPECT_EQ(ended.status, 1) << ended.output;
  const Outcome outcome = client.Wait(kCleanUpLimit);
  EXPECT_EQ(outcome.status, 3) << outcome.output;
}

TEST(DeathTest, KilledSupervisorTakesAlongAllButItsCgroupWhichTheNextRemoves) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  {
    Daemon daemon;
    Subprocess client = Subprocess::Start(RunCommand({"--target", daemon.Target(), plan.Path()}));
    const pid_t worker = WaitForBusyWorker(daemon);
    ASSERT_GT(worker, 0);
    ASSERT_EQ(::kill(daemon.Pid(), SIGKILL), 0);
    EXPECT_EQ(daemon.Wait(kCleanUpLimit).signal, SIGKILL);
    EXPECT_EQ(client.Wait(kCleanUpLimit).status, 3);
    EXPECT_TRUE(WaitUntil(kCleanUpLimit, [&] { return CommandLineOf(worker).empty(); }));
  }
  // The socket's file is still there as well: the next daemon takes it over.
  const Daemon next;
  EXPECT_TRUE(ServesOn(next));
}

TEST(DeathTest, KilledClientTakesItsPrivateDaemonAlong) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  Subprocess client = Subprocess::Start(RunCommand({plan.Path()}));
  ASSERT_TRUE(WaitUntil(kPatience, [&] { return !Daemon::WorkersBelow(client.Pid()).empty(); }));
  const std::vector<pid_t> family = DescendantsOf(client.Pid());
  client.Signal(SIGKILL);
  EXPECT_EQ(client.Wait(kPatience).signal, SIGKILL);
  EXPECT_TRUE(WaitUntil(kCleanUpLimit, [&] {
    for (const pid_t pid : family) {
      if (!CommandLineOf(pid).empty()) return false;
    }
    return true;
  }));
}

TEST(DeathTest, InterruptedClientTakesItsPrivateDaemonDown) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  Subprocess client = Subprocess::Start(RunCommand({plan.Path()}));
  ASSERT_TRUE(WaitUntil(kPatience, [&] { return !Daemon::WorkersBelow(client.Pid()).empty(); }));
  client.Signal(SIGINT);
  const Outcome outcome = client.Wait(kCleanUpLimit);
  EXPECT_EQ(outcome.status, 130) << outcome.output;
}

TEST(DeathTest, TerminatedDaemonTellsItsClients) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  Daemon daemon;
  Subprocess client = Subprocess::Start(RunCommand({"--target", daemon.Target(), plan.Path()}));
  ASSERT_GT(WaitForBusyWorker(daemon), 0);
  ASSERT_EQ(::kill(daemon.Pid(), SIGTERM), 0);
  EXPECT_EQ(daemon.Wait(kCleanUpLimit).status, 0);
  const Outcome outcome = client.Wait(kCleanUpLimit);
  EXPECT_EQ(outcome.status, 3) << outcome.output;
}

}  // namespace
}  // namespace bpfrig::tests
