// Workers that the kernel kills because there is no memory left, at a page fault of their own: in a cgroup
// that is theirs alone, and in one that they share with the whole daemon.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/reliability/hard_ends.h"
#include "tests/support/deadline.h"
#include "tests/support/memory_cgroup.h"

namespace bpfrig::tests {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;
// By how much a worker grows at once: so little that the front, which passes it on, hardly does.
constexpr size_t kStep = kMegabyte / 4;
// More than a worker has room for in these tests.
constexpr size_t kTooMuch = 64 * kMegabyte;
constexpr uint64_t kPlenty = 1024 * kMegabyte;

// Has the sandbox's worker grow until it is gone; what the call said that it died under.
grpc::Status GrowToDeath(BusySandbox& sandbox, int port) {
  grpc::Status status;
  for (size_t kept = 0; kept < kTooMuch && status.ok(); kept += kStep) status = sandbox.Keep(kStep, port);
  return status;
}

// A call that its worker died under, or that came when it was dead already.
void ExpectDead(const grpc::Status& status) {
  EXPECT_TRUE(status.error_code() == grpc::StatusCode::UNAVAILABLE ||
              status.error_code() == grpc::StatusCode::NOT_FOUND)
      << status.error_code() << ": " << status.error_message();
}

constexpr char kNoController[] = "there is no memory controller of cgroup1 here";

class OutOfMemoryTest : public HardEndsTest {
 protected:
  void SetUp() override {
    if (!MemoryCgroup::CanBeMade()) GTEST_SKIP() << kNoController;
  }
};

TEST_F(OutOfMemoryTest, WorkersInACgroupOfTheirOwn) {
  {
    const PlansMeanwhile plans(daemon_.Target());
    Repeat("worker out of memory", [&] {
      const Victim victim = MakeVictim();
      const MemoryCgroup cgroup;
      cgroup.Add(victim.worker);
      cgroup.LeaveRoom(4 * kMegabyte);
      ExpectDead(GrowToDeath(*victim.sandbox, victim.port));
      EXPECT_EQ(victim.sandbox->WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
      EXPECT_EQ(cgroup.Kills(), 1);
    });
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

uint64_t PresentBytes(pid_t pid) { return std::stoull(StatusField(pid, "VmRSS")) * 1024; }

// The daemon with all its processes in one cgroup.
class HogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!MemoryCgroup::CanBeMade()) GTEST_SKIP() << kNoController;
  }

  static constexpr uint64_t kRoom = 12 * kMegabyte;

  // Has the cgroup run out of memory because a sandbox takes it; whether a smaller one lived on: while the
  // first is dying the kernel (6.18) may kill a second, the more often the busier the machine is.
  static bool LetHogDieBesideAnother(const MemoryCgroup& cgroup, const Daemon& daemon) {
    cgroup.LeaveRoom(kPlenty);
    Caller caller(daemon.Target());
    BusySandbox hog(caller, {}), small(caller, {});
    EXPECT_TRUE(hog.Fill().ok() && small.Fill().ok());
    for (const pid_t worker : daemon.Workers()) {
      EXPECT_GT(PresentBytes(daemon.Front()), PresentBytes(worker) + kRoom) << "else its size alone would do";
    }
    cgroup.LeaveRoom(kRoom);
    ExpectDead(GrowToDeath(hog, 7000));
    EXPECT_EQ(hog.WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
    cgroup.LeaveRoom(kPlenty);
    return small.Keep(1).ok();
  }
};

TEST_F(HogTest, DiesBeforeFrontAndSupervisor) {
  const MemoryCgroup cgroup;
  const Daemon daemon(Daemon::Launcher{cgroup.Launcher()});
  const SameDaemon same(daemon);
  const int times = Scaled(5, 100);
  int lived_on = 0;
  for (int i = 1; i <= times; ++i) {
    if (LetHogDieBesideAnother(cgroup, daemon)) ++lived_on;
    EXPECT_GE(cgroup.Kills(), i);
    ASSERT_TRUE(same.StillServes());
  }
  Report("the hog of the daemon's cgroup dies before the front: times", std::to_string(times));
  Report("a smaller sandbox beside it lived on: times", std::to_string(lived_on));
}

}  // namespace
}  // namespace bpfrig::tests
