// On directories that stand for cgroups: what is written, and when nothing is. That the kernel takes it is
// seen in tests/supervisor.
#include "daemon/kernel_os/cgroup_controllers.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/testing/temporary_directory.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CgroupControllersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // A cgroup that is not the root has cgroup.events.
    for (const char* file : {"cgroup.events", "cgroup.procs", "cgroup.subtree_control"}) Write(file, "");
    Write("cgroup.controllers", "cpu memory pids\n");
    fs::create_directory(path_ / "bpfrig-0");
    Write("bpfrig-0/cgroup.subtree_control", "");
  }
  // The kernel makes the files of a new cgroup; here, they are made before it.
  void MakeLeaf() {
    fs::create_directory(path_ / kDaemonLeaf);
    Write(std::string(kDaemonLeaf) + "/cgroup.procs", "");
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(path_ / name) << text; }
  std::string Read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(path_ / name).rdbuf();
    return text.str();
  }
  CgroupControllers Enable(bool is_own = true, const std::string& name = "/sys/fs/cgroup/docker/a") {
    root_ = *OpenDirectory(AT_FDCWD, path_, path_.string());
    instance_ = *OpenDirectory(AT_FDCWD, path_ / "bpfrig-0", "instance");
    return CgroupControllers::Enable({root_.Get(), name, is_own, instance_.Get()}, {"memory", "pids"},
                                     absl::Now() + absl::Milliseconds(20));
  }

  const common::TemporaryDirectory temporary_;
  const fs::path path_ = temporary_.path();
  common::Fd root_;
  common::Fd instance_;
};

TEST_F(CgroupControllersTest, MovesProcessesIntoTheLeafAndAsksForBothAtOnce) {
  MakeLeaf();
  Write("cgroup.procs", "1\n");
  const CgroupControllers controllers = Enable();
  EXPECT_TRUE(controllers.obstacle().ok()) << controllers.obstacle();
  EXPECT_TRUE(controllers.Has("memory") && controllers.Has("pids"));
  EXPECT_FALSE(controllers.Has("cpu"));
  EXPECT_EQ(Read("bpfrig-daemon/cgroup.procs"), "1");
  EXPECT_EQ(Read("cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(Read("bpfrig-0/cgroup.subtree_control"), "+memory +pids");
}

TEST_F(CgroupControllersTest, RestoresWhatItChanged) {
  MakeLeaf();
  CgroupControllers controllers = Enable();
  ASSERT_TRUE(controllers.obstacle().ok()) << controllers.obstacle();
  Write("bpfrig-daemon/cgroup.procs", "7\n");
  // This directory is not empty, as the kernel's would be by now.
  EXPECT_THAT(controllers.Restore(absl::Now()).message(), HasSubstr("bpfrig-daemon: Directory not empty"));
  EXPECT_THAT(Read("cgroup.subtree_control"), HasSubstr("-memory -pids"));
  EXPECT_EQ(Read("cgroup.procs"), "7");
  EXPECT_TRUE(controllers.Restore(absl::Now()).ok()) << "a second time";
}

TEST_F(CgroupControllersTest, UsesWhatIsPassedOnAlreadyAndMovesNothing) {
  Write("cgroup.procs", "1\n");
  Write("cgroup.subtree_control", "cpu memory pids\n");
  const CgroupControllers controllers = Enable(/*is_own=*/false);
  EXPECT_TRUE(controllers.obstacle().ok()) << controllers.obstacle();
  EXPECT_TRUE(controllers.Has("memory"));
  EXPECT_EQ(Read("cgroup.subtree_control"), "cpu memory pids\n");
  EXPECT_EQ(Read("bpfrig-0/cgroup.subtree_control"), "+memory +pids");
  EXPECT_FALSE(fs::exists(path_ / kDaemonLeaf));
}

TEST_F(CgroupControllersTest, LeavesACgroupThatIsNotItsOwnAsItIs) {
  const CgroupControllers controllers = Enable(/*is_own=*/false);
  EXPECT_FALSE(controllers.Has("memory"));
  EXPECT_THAT(controllers.obstacle().message(), HasSubstr("it is not the daemon's own cgroup"));
  EXPECT_THAT(Read("cgroup.subtree_control"), IsEmpty());
}

TEST_F(CgroupControllersTest, LeavesTheUnitOfASystemdThatDidNotDelegateIt) {
  const CgroupControllers controllers = Enable(true, "/sys/fs/cgroup/system.slice/rig.service");
  EXPECT_FALSE(controllers.Has("memory"));
  EXPECT_THAT(base::DetailOf(controllers.obstacle()).hint, HasSubstr("Delegate=yes"));
  EXPECT_THAT(Read("cgroup.subtree_control"), IsEmpty());
  EXPECT_FALSE(fs::exists(path_ / kDaemonLeaf));
}

TEST_F(CgroupControllersTest, MovesNothingOutOfTheRoot) {
  fs::remove(path_ / "cgroup.events");
  Write("cgroup.procs", "1\n");
  const CgroupControllers controllers = Enable();
  EXPECT_TRUE(controllers.Has("memory"));
  EXPECT_EQ(Read("cgroup.subtree_control"), "+memory +pids");
  EXPECT_FALSE(fs::exists(path_ / kDaemonLeaf));
}

TEST_F(CgroupControllersTest, SaysWhichControllersTheMachineHas) {
  Write("cgroup.controllers", "hugetlb\n");
  const CgroupControllers controllers = Enable();
  EXPECT_FALSE(controllers.Has("memory"));
  EXPECT_EQ(
      controllers.obstacle().message(),
      "/sys/fs/cgroup/docker/a has no memory and no pids controller for its sandboxes (it has: hugetlb)");
}

TEST_F(CgroupControllersTest, DoesNotEnableAThreadedControllerAlone) {
  Write("cgroup.controllers", "pids\n");
  EXPECT_FALSE(Enable().Has("pids"));
  EXPECT_THAT(Read("cgroup.subtree_control"), IsEmpty());
}

TEST_F(CgroupControllersTest, DoesWithMemoryAlone) {
  MakeLeaf();
  Write("cgroup.controllers", "memory\n");
  const CgroupControllers controllers = Enable();
  EXPECT_TRUE(controllers.Has("memory"));
  EXPECT_FALSE(controllers.Has("pids"));
  EXPECT_THAT(controllers.obstacle().message(), HasSubstr("has no pids controller"));
}

TEST(ControllersInTest, SplitsWords) {
  EXPECT_THAT(ControllersIn("cpu memory\n"), ElementsAre("cpu", "memory"));
}

TEST(IsUnitTest, KnowsTheNamesThatSystemdGives) {
  EXPECT_TRUE(IsUnit("/sys/fs/cgroup/system.slice/rig.service"));
  EXPECT_TRUE(IsUnit("cgroup2:/user.slice/user-1000.slice/session-3.scope"));
  EXPECT_FALSE(IsUnit("/sys/fs/cgroup/system.slice/rig.service/inner"));
  EXPECT_FALSE(IsUnit("cgroup2:"));
}

}  // namespace
}  // namespace bpfrig::kernel_os
