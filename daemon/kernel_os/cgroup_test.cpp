// On directories that stand for cgroups; what the kernel does is tested in tests/supervisor.
#include "daemon/kernel_os/cgroup.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/testing/temporary_directory.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CgroupTest : public ::testing::Test {
 protected:
  void SetUp() override { root_ = *OpenDirectory(AT_FDCWD, path_, path_.string()); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(path_ / name) << text; }
  std::string Read(const std::string& name) { return *ReadSmallFile(root_.Get(), name, name); }
  static absl::Time Soon() { return absl::Now() + absl::Milliseconds(30); }

  const common::TemporaryDirectory temporary_;
  const fs::path path_ = temporary_.path();
  common::Fd root_;
};

TEST_F(CgroupTest, MakesAndRemovesItsDirectory) {
  absl::StatusOr<Cgroup> cgroup = Cgroup::Create(root_.Get(), "a");
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  EXPECT_TRUE(fs::is_directory(path_ / "a"));
  EXPECT_TRUE(cgroup->Remove(Soon()).ok());
  EXPECT_FALSE(fs::exists(path_ / "a"));
  EXPECT_TRUE(cgroup->Remove(Soon()).ok()) << "a second time";
}

TEST_F(CgroupTest, RemovesItsDirectoryWhenDestroyed) {
  { const absl::StatusOr<Cgroup> cgroup = Cgroup::Create(root_.Get(), "a"); }
  EXPECT_FALSE(fs::exists(path_ / "a"));
}

TEST_F(CgroupTest, RemovesNothingAfterItWasMovedFrom) {
  absl::StatusOr<Cgroup> first = Cgroup::Create(root_.Get(), "a");
  ASSERT_TRUE(first.ok());
  Cgroup second = *std::move(first);
  first = absl::CancelledError();
  EXPECT_TRUE(fs::exists(path_ / "a"));
  second = Cgroup();
  EXPECT_FALSE(fs::exists(path_ / "a"));
}

TEST_F(CgroupTest, RefusesANameThatIsTaken) {
  fs::create_directory(path_ / "a");
  const absl::Status status = Cgroup::Create(root_.Get(), "a").status();
  EXPECT_EQ(status.message(), "making cgroup a: File exists");
  EXPECT_TRUE(fs::exists(path_ / "a"));
}

TEST_F(CgroupTest, KillsThroughCgroupKill) {
  Write("cgroup.kill", "");
  EXPECT_TRUE(KillCgroup(root_.Get(), "x", Soon()).ok());
  EXPECT_EQ(Read("cgroup.kill"), "1");
}

TEST_F(CgroupTest, KillWithoutCgroupKillReturnsWhenNoProcessIsListed) {
  Write("cgroup.procs", "");
  EXPECT_TRUE(KillCgroup(root_.Get(), "x", Soon()).ok());
}

TEST_F(CgroupTest, KillWithoutCgroupKillGivesUpAtItsDeadline) {
  // A process that we cannot find: no pid namespace has this number.
  Write("cgroup.procs", "2147483646\n");
  Write("cgroup.events", "populated 1\nfrozen 0\n");
  const absl::Status status = KillCgroup(root_.Get(), "x", Soon());
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("x"));
}

TEST_F(CgroupTest, TreeIsRemovedWithAllBelow) {
  fs::create_directories(path_ / "a/b/c");
  fs::create_directories(path_ / "a/d");
  EXPECT_TRUE(RemoveCgroupTree(root_.Get(), "a", "a", Soon()).ok());
  EXPECT_FALSE(fs::exists(path_ / "a"));
  EXPECT_TRUE(RemoveCgroupTree(root_.Get(), "a", "a", Soon()).ok()) << "one that is gone";
}

TEST_F(CgroupTest, RemovingATreeDoesNotFollowSymbolicLinks) {
  fs::create_directories(path_ / "outside/b");
  fs::create_directory_symlink(path_ / "outside", path_ / "a");
  EXPECT_FALSE(RemoveCgroupTree(root_.Get(), "a", "a", Soon()).ok());
  EXPECT_TRUE(fs::exists(path_ / "outside/b"));
}

TEST(IsPopulatedTest, ReadsTheLine) {
  EXPECT_TRUE(IsPopulated("populated 1\nfrozen 0\n"));
  EXPECT_FALSE(IsPopulated("populated 0\nfrozen 1\n"));
  EXPECT_FALSE(IsPopulated("frozen 1\nunpopulated 1\n"));
}

}  // namespace
}  // namespace bpfrig::kernel_os
