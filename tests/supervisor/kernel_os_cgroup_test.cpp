// Cgroups and instance directories in the kernel's own tree.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_controllers.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/instance_directory.h"
#include "daemon/kernel_os/run_statistics.h"
#include "tests/support/deadline.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

using kernel_os::Cgroup;
using kernel_os::CgroupControllers;
using kernel_os::CgroupPlace;
using kernel_os::InstanceDirectory;

absl::StatusOr<InstanceDirectory> Claim() { return InstanceDirectory::Claim(*kernel_os::FindCgroupPlaces()); }

bool IsCgroup2(int fd) {
  struct statfs info {};
  return ::fstatfs(fd, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

// Puts a running program into the cgroup.
void Enter(int cgroup, const std::string& processes, pid_t pid) {
  ASSERT_TRUE(kernel_os::WriteSmallFile(cgroup, processes, absl::StrCat(pid), processes).ok());
}

TEST(CgroupTest, KillEndsItsProcessesAndRemoveWaitsForThem) {
  absl::StatusOr<InstanceDirectory> instance = Claim();
  ASSERT_TRUE(instance.ok()) << instance.status();
  absl::StatusOr<Cgroup> cgroup = Cgroup::Create(instance->Get(), "sandbox-1");
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  Subprocess process = Subprocess::Start({"cat", "/dev/zero"});
  Enter(cgroup->Get(), "cgroup.procs", process.Pid());
  EXPECT_TRUE(absl::IsDeadlineExceeded(cgroup->Remove(absl::Now() + absl::Milliseconds(50)))) << "it lives";
  EXPECT_TRUE(cgroup->Kill(tests::Soon()).ok());
  const absl::Status removed = cgroup->Remove(tests::Soon());
  EXPECT_TRUE(removed.ok()) << removed;
  EXPECT_EQ(process.Wait(std::chrono::seconds(5)).signal, SIGKILL);
}

TEST(CgroupTest, RemovingTheInstanceKillsAllBelow) {
  absl::StatusOr<InstanceDirectory> instance = Claim();
  ASSERT_TRUE(instance.ok()) << instance.status();
  ASSERT_EQ(::mkdirat(instance->Get(), "outer", 0755), 0);
  ASSERT_EQ(::mkdirat(instance->Get(), "outer/inner", 0755), 0);
  Subprocess process = Subprocess::Start({"cat", "/dev/zero"});
  Enter(instance->Get(), "outer/inner/cgroup.procs", process.Pid());
  const absl::Status removed = instance->Remove(tests::Soon());
  EXPECT_TRUE(removed.ok()) << removed;
  EXPECT_EQ(process.Wait(std::chrono::seconds(5)).signal, SIGKILL);
}

TEST(InstanceDirectoryTest, SlotsDifferWhileHeldWhateverTheMount) {
  absl::StatusOr<InstanceDirectory> first = Claim();
  ASSERT_TRUE(first.ok()) << first.status();
  // The same tree through our own mount: the lock is on the inode.
  absl::StatusOr<InstanceDirectory> second =
      InstanceDirectory::Claim({CgroupPlace{.path = "/", .own_mount = true}});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(first->slot(), second->slot());
  EXPECT_TRUE(IsCgroup2(second->Get()));
}

TEST(CgroupRootTest, OwnMountIsNotInTheMountTable) {
  const std::string before = *kernel_os::ReadSmallFile(AT_FDCWD, "/proc/self/mountinfo", "mountinfo");
  const absl::StatusOr<common::Fd> root = kernel_os::OpenCgroupPlace({.path = "/", .own_mount = true});
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_TRUE(IsCgroup2(root->Get()));
  EXPECT_EQ(*kernel_os::ReadSmallFile(AT_FDCWD, "/proc/self/mountinfo", "mountinfo"), before);
  absl::StatusOr<Cgroup> cgroup = Cgroup::Create(root->Get(), absl::StrCat("bpfrig-test-", ::getpid()));
  EXPECT_TRUE(cgroup.ok()) << cgroup.status();
}

// The rules of cgroup2 for controllers, with one that this machine has: on hybrid hosts that is hugetlb,
// which is a domain controller as memory is.
class CgroupControllersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(instance_.ok()) << instance_.status();
    const auto offered = kernel_os::ControllersIn(*Read(instance_->root(), "cgroup.controllers"));
    for (const char* name : {"memory", "hugetlb", "rdma", "misc"}) {
      if (controller_.empty() && offered.count(name) != 0) controller_ = name;
    }
    if (controller_.empty()) GTEST_SKIP() << "no domain controller on cgroup2";
    passed_on_ = kernel_os::ControllersIn(*Read(instance_->root(), kControl)).count(controller_) != 0;
    if (!passed_on_) {
      ASSERT_TRUE(kernel_os::WriteSmallFile(instance_->root(), kControl, "+" + controller_, kControl).ok());
    }
    ASSERT_TRUE(kernel_os::WriteSmallFile(instance_->Get(), kControl, "+" + controller_, kControl).ok());
    // This stands for a daemon's own cgroup.
    own_ = *Cgroup::Create(instance_->Get(), "own");
    ASSERT_EQ(::mkdirat(own_.Get(), "bpfrig-0", 0755), 0);
    inner_ = *kernel_os::OpenDirectory(own_.Get(), "bpfrig-0", "bpfrig-0");
  }
  void TearDown() override {
    inner_.Close();
    EXPECT_TRUE(kernel_os::RemoveCgroupTree(instance_->Get(), "own", "own", tests::Soon()).ok());
    own_ = Cgroup();
    EXPECT_TRUE(kernel_os::WriteSmallFile(instance_->Get(), kControl, "-" + controller_, kControl).ok());
    if (!passed_on_) {
      EXPECT_TRUE(kernel_os::WriteSmallFile(instance_->root(), kControl, "-" + controller_, kControl).ok());
    }
  }
  static absl::StatusOr<std::string> Read(int directory, const std::string& file) {
    return kernel_os::ReadSmallFile(directory, file, file);
  }
  CgroupControllers Enable() {
    return CgroupControllers::Enable({own_.Get(), "own", true, inner_.Get()}, {controller_}, tests::Soon());
  }

  static constexpr char kControl[] = "cgroup.subtree_control";
  absl::StatusOr<InstanceDirectory> instance_ = Claim();
  std::string controller_;
  bool passed_on_ = false;
  Cgroup own_;
  common::Fd inner_;
};

TEST_F(CgroupControllersTest, AProcessInsideIsMovedIntoTheLeafAndBack) {
  Subprocess process = Subprocess::Start({"cat", "/dev/zero"});
  Enter(own_.Get(), "cgroup.procs", process.Pid());
  // Why it takes the leaf.
  const absl::Status busy = kernel_os::WriteSmallFile(own_.Get(), kControl, "+" + controller_, kControl);
  EXPECT_EQ(base::DetailOf(busy).errno_name, "EBUSY") << busy;

  CgroupControllers controllers = Enable();
  EXPECT_TRUE(controllers.Has(controller_)) << controllers.obstacle();
  EXPECT_EQ(*Read(own_.Get(), "cgroup.procs"), "");
  EXPECT_EQ(*Read(own_.Get(), "bpfrig-daemon/cgroup.procs"), absl::StrCat(process.Pid(), "\n"));
  EXPECT_EQ(*Read(own_.Get(), kControl), controller_ + "\n");
  EXPECT_EQ(*Read(inner_.Get(), kControl), controller_ + "\n");

  ASSERT_TRUE(kernel_os::RemoveCgroupTree(own_.Get(), "bpfrig-0", "bpfrig-0", tests::Soon()).ok());
  const absl::Status restored = controllers.Restore(tests::Soon());
  EXPECT_TRUE(restored.ok()) << restored;
  EXPECT_EQ(*Read(own_.Get(), kControl), "");
  EXPECT_EQ(*Read(own_.Get(), "cgroup.procs"), absl::StrCat(process.Pid(), "\n"));
  EXPECT_NE(::faccessat(own_.Get(), "bpfrig-daemon", F_OK, 0), 0);
}

TEST_F(CgroupControllersTest, ASecondDaemonKeepsThemAndUndoesThemAtItsEnd) {
  Subprocess process = Subprocess::Start({"cat", "/dev/zero"});
  Enter(own_.Get(), "cgroup.procs", process.Pid());
  CgroupControllers first = Enable();
  ASSERT_EQ(::mkdirat(own_.Get(), "bpfrig-1", 0755), 0);
  common::Fd inner = *kernel_os::OpenDirectory(own_.Get(), "bpfrig-1", "bpfrig-1");
  CgroupControllers second =
      CgroupControllers::Enable({own_.Get(), "own", true, inner.Get()}, {controller_}, tests::Soon());
  EXPECT_TRUE(second.Has(controller_)) << second.obstacle();
  ASSERT_TRUE(kernel_os::RemoveCgroupTree(own_.Get(), "bpfrig-0", "bpfrig-0", tests::Soon()).ok());
  EXPECT_EQ(base::DetailOf(first.Restore(tests::Soon())).errno_name, "EBUSY");
  EXPECT_EQ(*Read(own_.Get(), "bpfrig-daemon/cgroup.procs"), absl::StrCat(process.Pid(), "\n"));
  ASSERT_TRUE(kernel_os::RemoveCgroupTree(own_.Get(), "bpfrig-1", "bpfrig-1", tests::Soon()).ok());
  EXPECT_TRUE(second.Restore(tests::Soon()).ok());
  EXPECT_EQ(*Read(own_.Get(), "cgroup.procs"), absl::StrCat(process.Pid(), "\n"));
}

TEST(RunStatisticsTest, AreCountedWhileTheDescriptorIsOpen) {
  EXPECT_TRUE(kernel_os::EnableRunStatistics().ok());
}

}  // namespace
}  // namespace bpfrig::tests
