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
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/instance_directory.h"
#include "daemon/kernel_os/run_statistics.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

using kernel_os::Cgroup;
using kernel_os::CgroupPlace;
using kernel_os::InstanceDirectory;

absl::Time Soon() { return absl::Now() + absl::Seconds(5); }

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
  EXPECT_TRUE(cgroup->Kill(Soon()).ok());
  const absl::Status removed = cgroup->Remove(Soon());
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
  const absl::Status removed = instance->Remove(Soon());
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

TEST(RunStatisticsTest, AreCountedWhileTheDescriptorIsOpen) {
  EXPECT_TRUE(kernel_os::EnableRunStatistics().ok());
}

}  // namespace
}  // namespace bpfrig::tests
