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
// More than a worker has room for in these tests.
constexpr int kMegabytes = 64;
constexpr uint64_t kPlenty = 1024 * kMegabyte;

// Has the sandbox's worker grow until it is gone; what the call said that it died under.
grpc::Status GrowToDeath(BusySandbox& sandbox, int port) {
  grpc::Status status;
  for (int i = 0; i < kMegabytes && status.ok(); ++i) status = sandbox.Keep(kMegabyte, port);
  return status;
}

class OutOfMemoryTest : public HardEndsTest {
 protected:
  void SetUp() override {
    if (!MemoryCgroup::CanBeMade()) GTEST_SKIP() << "there is no memory controller of cgroup1 here";
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
      const grpc::Status status = GrowToDeath(*victim.sandbox, victim.port);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
      EXPECT_EQ(victim.sandbox->WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
      EXPECT_EQ(cgroup.Kills(), 1);
    });
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

uint64_t PresentBytes(pid_t pid) { return std::stoull(StatusField(pid, "VmRSS")) * 1024; }

// Supervisor, front and workers share one cgroup. By size the front would be the first to die.
TEST(HogTest, DiesBeforeFrontAndSupervisorAndSmallerWorkers) {
  if (!MemoryCgroup::CanBeMade()) GTEST_SKIP() << "there is no memory controller of cgroup1 here";
  constexpr uint64_t kRoom = 6 * kMegabyte;
  const MemoryCgroup cgroup;
  const Daemon daemon(Daemon::Launcher{cgroup.Launcher()});
  const SameDaemon same(daemon);
  Caller caller(daemon.Target());
  BusySandbox bystander(caller, {});
  ASSERT_TRUE(bystander.Fill().ok());
  const std::vector<pid_t> bystanders = daemon.Workers();
  ASSERT_EQ(bystanders.size(), 1U);
  const int times = Scaled(5, 100);
  for (int i = 1; i <= times; ++i) {
    cgroup.LeaveRoom(kPlenty);
    BusySandbox hog(caller, {});
    ASSERT_TRUE(hog.Fill().ok());
    for (const pid_t worker : daemon.Workers()) {
      EXPECT_GT(PresentBytes(daemon.Front()), PresentBytes(worker) + kRoom) << "its size alone would do";
    }
    cgroup.LeaveRoom(kRoom);
    const grpc::Status status = GrowToDeath(hog, 7000);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    EXPECT_EQ(hog.WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
    EXPECT_EQ(cgroup.Kills(), i);
    EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon.Workers() == bystanders; }));
    ASSERT_TRUE(same.StillServes());
  }
  Report("the hog of the daemon's cgroup dies first: times", std::to_string(times));
}

}  // namespace
}  // namespace bpfrig::tests
