// How workers are born and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/fd.h"
#include "tests/supervisor/rig.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

using internal::v1::ControlReply;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uint64_t kWorkerCapabilities = (uint64_t{1} << CAP_BPF) | (uint64_t{1} << CAP_NET_ADMIN) |
                                         (uint64_t{1} << CAP_NET_BIND_SERVICE) | (uint64_t{1} << CAP_PERFMON);

int OomScore(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/oom_score_adj"));
  int score = -1;
  EXPECT_TRUE(file >> score) << "process " << pid;
  return score;
}

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : daemon_(Subprocess::Start(DaemonCommand(directory_))) {
    EXPECT_TRUE(daemon_.WaitForOutput(": ready", kPatience));
    front_.emplace(directory_.SocketPath());
  }

  ~WorkerTest() override {
    daemon_.Signal(SIGTERM);
    const Outcome outcome = daemon_.Wait(kPatience);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }

  common::Fd Spawn(uint64_t number) {
    common::Fd channel;
    const ControlReply reply = front_->Spawn(number, &channel);
    EXPECT_EQ(reply.spawned().worker(), number) << reply.ShortDebugString();
    return channel;
  }

  // The directory of the worker's cgroup.
  static std::string CgroupOf(const std::string& report) {
    const std::vector<std::string> instances = InstanceDirectories();
    return absl::StrCat(std::filesystem::path(instances.front()).parent_path().string(),
                        LineOf(report, "0:"));
  }

  SocketDirectory directory_;
  Subprocess daemon_;
  std::optional<FrontHandle> front_;
};

TEST_F(WorkerTest, HasExactlyItsPrivileges) {
  const common::Fd channel = Spawn(1);
  const std::string report = AskWorker(channel, 'r');
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(LineOf(report, set), absl::StrFormat("%016x", kWorkerCapabilities)) << set;
  }
  EXPECT_EQ(LineOf(report, "NoNewPrivs"), "1");
  EXPECT_EQ(LineOf(report, "Groups"), "");
  EXPECT_EQ(LineOf(report, "core"), "0");
  EXPECT_EQ(LineOf(report, "SigBlk"), "0000000000000000");
  EXPECT_EQ(LineOf(report, "SigIgn"), "0000000000000000");
  EXPECT_EQ(LineOf(report, "sid"), LineOf(report, "Pid")) << "its own session";
}

TEST_F(WorkerTest, FrontHasNoPrivilegeAtAll) {
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(StatusField(front_->pid(), set), "0000000000000000") << set;
  }
  EXPECT_EQ(StatusField(front_->pid(), "NoNewPrivs"), "1");
  EXPECT_EQ(StatusField(front_->pid(), "Groups"), "");
}

TEST_F(WorkerTest, NoTwoProcessesShareAUser) {
  const common::Fd first = Spawn(1);
  const common::Fd second = Spawn(2);
  // The same place in the range of uids as the first.
  const common::Fd third = Spawn(4001);
  std::set<std::string> users = {StatusField(daemon_.Pid(), "Uid"), StatusField(front_->pid(), "Uid")};
  for (const common::Fd* channel : {&first, &second, &third}) {
    const std::string report = AskWorker(*channel, 'r');
    users.insert(LineOf(report, "Uid"));
    EXPECT_EQ(LineOf(report, "Uid"), LineOf(report, "Gid"));
  }
  EXPECT_EQ(users.size(), 5u);
}

TEST_F(WorkerTest, IsAloneInANetnsWithLoopback) {
  const common::Fd first = Spawn(1);
  const common::Fd second = Spawn(2);
  const std::string report = AskWorker(first, 'r');
  EXPECT_THAT(LinesOf(report, "interface"), ElementsAre("lo down"));
  EXPECT_NE(LineOf(report, "netns"), LineOf(AskWorker(second, 'r'), "netns"));
  EXPECT_NE(LineOf(report, "netns"), std::filesystem::read_symlink("/proc/self/ns/net").string());
}

TEST_F(WorkerTest, IsBornInItsOwnCgroupAndHoldsTheDirectory) {
  const common::Fd channel = Spawn(7);
  const std::string report = AskWorker(channel, 'r');
  EXPECT_THAT(LineOf(report, "0:"), HasSubstr("/sandbox-7"));
  const std::vector<std::string> fds = LinesOf(report, "fd");
  EXPECT_THAT(fds, ::testing::UnorderedElementsAre("0 /dev/null", StartsWith("1 "), StartsWith("2 "),
                                                   StartsWith("3 socket:"), "4 " + CgroupOf(report),
                                                   StartsWith("5 pipe:"), StartsWith("6 /memfd:filter"),
                                                   StartsWith("7 socket:")));
}

TEST_F(WorkerTest, IsToldItsNumberAndThatRunsAreCounted) {
  const std::string arguments = AskWorker(Spawn(12), 'a');
  EXPECT_THAT(arguments,
              StartsWith("bpfrigd worker --number 12 --log-level debug --max-map-memory 1073741824 "));
  EXPECT_THAT(arguments, HasSubstr(" --max-total-map-memory "));
  EXPECT_THAT(arguments, EndsWith(" --runs-counted\n"));
}

TEST_F(WorkerTest, DiesBeforeTheFrontAndTheFrontBeforeTheSupervisorIfMemoryIsShort) {
  const common::Fd channel = Spawn(1);
  const int supervisor = OomScore(daemon_.Pid());
  const int front = OomScore(front_->pid());
  EXPECT_GT(front, supervisor);
  EXPECT_GE(OomScore(PidOf(AskWorker(channel, 'r'))), front + 700);
}

TEST_F(WorkerTest, MapMemoryIsCountedOverAllWorkersUntilTheyAreGone) {
  const common::Fd first = Spawn(1);
  const common::Fd second = Spawn(2);
  EXPECT_EQ(AskWorker(first, 'm'), "granted, others have 0");
  EXPECT_EQ(AskWorker(second, 'M'), "refused, others have 1");
  EXPECT_EQ(AskWorker(second, 'm'), "granted, others have 1");
  front_->Kill(1);
  EXPECT_EQ(front_->Receive().exited().worker(), 1u);
  EXPECT_EQ(AskWorker(Spawn(3), 'm'), "granted, others have 1") << "only the second";
}

TEST_F(WorkerTest, FileLimitIsTheOneAskedFor) {
  internal::v1::ControlRequest request;
  request.mutable_spawn()->set_worker(1);
  request.mutable_spawn()->set_open_files(321);
  ASSERT_TRUE(front_->control().Send(request).ok());
  ASSERT_TRUE(front_->Receive().has_spawned());
  EXPECT_EQ(LineOf(AskWorker(front_->control().TakeFd(), 'r'), "nofile"), "321");
}

TEST_F(WorkerTest, DeathBySignalIsToldWithTheSignalAndItsCgroupIsGone) {
  const common::Fd channel = Spawn(3);
  const std::string report = AskWorker(channel, 'r');
  const std::string cgroup = CgroupOf(report);
  ASSERT_TRUE(std::filesystem::exists(cgroup));
  ASSERT_EQ(::kill(PidOf(report), SIGKILL), 0);
  const ControlReply reply = front_->Receive();
  EXPECT_EQ(reply.exited().worker(), 3u) << reply.ShortDebugString();
  EXPECT_EQ(reply.exited().signal(), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(cgroup));
}

TEST_F(WorkerTest, ExitIsToldWithItsStatus) {
  const common::Fd channel = Spawn(3);
  EXPECT_EQ(AskWorker(channel, 'x'), "");
  const ControlReply reply = front_->Receive();
  EXPECT_EQ(reply.exited().status(), 7);
  EXPECT_EQ(reply.exited().signal(), 0);
}

TEST_F(WorkerTest, CrashIsToldAndCostsNoOtherWorker) {
  const common::Fd first = Spawn(1);
  const common::Fd second = Spawn(2);
  EXPECT_EQ(AskWorker(first, 's'), "");
  EXPECT_EQ(front_->Receive().exited().signal(), SIGABRT);
  EXPECT_EQ(AskWorker(second, 'n'), "ok\n");
}

TEST_F(WorkerTest, EndsWhenItsChannelIsClosed) {
  Spawn(1).Close();
  EXPECT_EQ(front_->Receive().exited().worker(), 1u);
}

TEST_F(WorkerTest, KillTakesItsDescendantsToo) {
  const common::Fd channel = Spawn(1);
  ASSERT_EQ(AskWorker(channel, 'f'), "ok\n");
  const std::vector<pid_t> children = DescendantsOf(PidOf(AskWorker(channel, 'r')));
  ASSERT_EQ(children.size(), 1u);
  const common::Fd child = OpenPidfd(children.front());
  front_->Kill(1);
  EXPECT_EQ(front_->Receive().exited().signal(), SIGKILL);
  EXPECT_TRUE(BecomesReadable(child));
}

TEST_F(WorkerTest, ExitTakesItsDescendantsToo) {
  const common::Fd channel = Spawn(1);
  ASSERT_EQ(AskWorker(channel, 'f'), "ok\n");
  const common::Fd child = OpenPidfd(DescendantsOf(PidOf(AskWorker(channel, 'r'))).at(0));
  AskWorker(channel, 'x');
  EXPECT_EQ(front_->Receive().exited().status(), 7);
  EXPECT_TRUE(BecomesReadable(child));
}

TEST_F(WorkerTest, KillReachesAStoppedWorker) {
  const common::Fd channel = Spawn(1);
  ASSERT_EQ(::kill(PidOf(AskWorker(channel, 'r')), SIGSTOP), 0);
  front_->Kill(1);
  EXPECT_EQ(front_->Receive().exited().signal(), SIGKILL);
}

TEST_F(WorkerTest, KillOfADeadWorkerIsNotAnError) {
  front_->Kill(99);
  const common::Fd channel = Spawn(1);
  EXPECT_EQ(AskWorker(channel, 'n'), "ok\n");
}

TEST_F(WorkerTest, NumberInUseIsRefused) {
  const common::Fd channel = Spawn(1);
  const ControlReply reply = front_->Spawn(1);
  EXPECT_EQ(reply.spawn_failed().worker(), 1u);
  EXPECT_EQ(reply.spawn_failed().message(), "worker 1 is there already");
  EXPECT_EQ(AskWorker(channel, 'n'), "ok\n");
}

TEST_F(WorkerTest, MoreThanTheLimitAreRefused) {
  // For two sandboxes: theirs, as many dying, and sixteen.
  std::vector<common::Fd> channels;
  for (uint64_t number = 1; number <= 20; ++number) channels.push_back(Spawn(number));
  EXPECT_EQ(front_->Spawn(21).spawn_failed().message(), "there are 20 workers already");
  front_->Kill(1);
  EXPECT_EQ(front_->Receive().exited().worker(), 1u);
  EXPECT_TRUE(front_->Spawn(21).has_spawned());
}

}  // namespace
}  // namespace bpfrig::tests
