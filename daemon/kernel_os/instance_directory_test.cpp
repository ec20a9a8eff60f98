// On a directory that stands for a cgroup tree; on a real one in tests/supervisor.
#include "daemon/kernel_os/instance_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/testing/temporary_directory.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/file.h"

namespace bpfrig::kernel_os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class InstanceDirectoryTest : public ::testing::Test {
 protected:
  absl::StatusOr<InstanceDirectory> Claim() {
    return InstanceDirectory::ClaimIn(*OpenDirectory(AT_FDCWD, path_, path_.string()), path_);
  }
  static absl::Time Soon() { return absl::Now() + absl::Seconds(1); }

  const common::TemporaryDirectory temporary_;
  const fs::path path_ = temporary_.path();
};

TEST_F(InstanceDirectoryTest, EachClaimTakesItsOwnSlot) {
  const absl::StatusOr<InstanceDirectory> first = Claim();
  const absl::StatusOr<InstanceDirectory> second = Claim();
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->slot(), 0u);
  EXPECT_EQ(second->slot(), 1u);
  EXPECT_EQ(second->path(), path_ / "bpfrig-1");
}

TEST_F(InstanceDirectoryTest, SlotIsFreeAgainAfterRemove) {
  absl::StatusOr<InstanceDirectory> first = Claim();
  ASSERT_TRUE(first.ok());
  fs::create_directory(path_ / "bpfrig-0/sandbox-1");
  EXPECT_TRUE(first->Remove(Soon()).ok());
  EXPECT_TRUE(fs::is_empty(path_));
  const absl::StatusOr<InstanceDirectory> again = Claim();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->slot(), 0u);
}

TEST_F(InstanceDirectoryTest, RemovesWhatADeadDaemonLeftAndNothingElse) {
  const absl::StatusOr<InstanceDirectory> living = Claim();
  ASSERT_TRUE(living.ok());
  fs::create_directory(path_ / "bpfrig-0/sandbox-1");
  fs::create_directories(path_ / "bpfrig-5/sandbox-1");
  for (const char* other :
       {"bpfrig-", "bpfrig-05", "bpfrig-x", "bpfrig-1024", "bpfrig--1", "bpfrig", "system.slice"}) {
    fs::create_directory(path_ / other);
  }
  const absl::StatusOr<InstanceDirectory> claimed = Claim();
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  EXPECT_FALSE(fs::exists(path_ / "bpfrig-5"));
  EXPECT_TRUE(fs::exists(path_ / "bpfrig-0/sandbox-1")) << "a living daemon's";
  for (const char* other :
       {"bpfrig-", "bpfrig-05", "bpfrig-x", "bpfrig-1024", "bpfrig--1", "bpfrig", "system.slice"}) {
    EXPECT_TRUE(fs::exists(path_ / other)) << other;
  }
}

TEST_F(InstanceDirectoryTest, RemovesAtItsEndWhatCouldNotBeRemovedAtItsStart) {
  fs::create_directory(path_ / "bpfrig-0");
  // Stands for a process: something that keeps the directory from being removed.
  std::ofstream(path_ / "bpfrig-0/busy") << "x";
  absl::StatusOr<InstanceDirectory> next = Claim();
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->slot(), 1u) << "the user ids of the other slot may be in use";
  fs::remove(path_ / "bpfrig-0/busy");
  EXPECT_TRUE(next->Remove(Soon()).ok());
  EXPECT_TRUE(fs::is_empty(path_));
}

TEST_F(InstanceDirectoryTest, AbandonedSlotStaysUntilALaterDaemonRemovesIt) {
  absl::StatusOr<InstanceDirectory> first = Claim();
  ASSERT_TRUE(first.ok());
  fs::create_directory(path_ / "bpfrig-0/sandbox-1");
  first->Abandon();
  EXPECT_TRUE(first->Remove(Soon()).ok());
  EXPECT_TRUE(fs::exists(path_ / "bpfrig-0/sandbox-1"));
  const absl::StatusOr<InstanceDirectory> later = Claim();
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_FALSE(fs::exists(path_ / "bpfrig-0"));
}

TEST_F(InstanceDirectoryTest, TellsWhetherADaemonHoldsADirectory) {
  const absl::StatusOr<InstanceDirectory> living = Claim();
  ASSERT_TRUE(living.ok());
  fs::create_directory(path_ / "bpfrig-7");
  for (const char* name : {"bpfrig-0", "bpfrig-7"}) {
    EXPECT_TRUE(IsInstanceName(name));
    for (int times = 0; times < 2; ++times) {
      const absl::StatusOr<bool> held = HasHolder(path_ / name, name);
      ASSERT_TRUE(held.ok()) << held.status();
      EXPECT_EQ(*held, name == std::string("bpfrig-0"));
    }
  }
  EXPECT_FALSE(IsInstanceName("bpfrig-07"));
}

TEST_F(InstanceDirectoryTest, ErrorNamesEveryPlaceAndWhyNot) {
  std::ofstream(path_ / "file") << "x";
  const std::vector<CgroupPlace> places = {{.path = path_ / "missing"}, {.path = path_ / "file"}};
  const absl::Status status = InstanceDirectory::Claim(places).status();
  EXPECT_THAT(status.message(), HasSubstr("/missing: No such file or directory"));
  EXPECT_THAT(status.message(), HasSubstr("/file: Not a directory"));
  EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("cap_add: [SYS_ADMIN"));
}

TEST_F(InstanceDirectoryTest, TriesTheNextPlaceWhenOneFails) {
  const absl::StatusOr<InstanceDirectory> claimed =
      InstanceDirectory::Claim({{.path = path_ / "missing"}, {.path = path_.string()}});
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  EXPECT_EQ(claimed->path(), path_ / "bpfrig-0");
}

}  // namespace
}  // namespace bpfrig::kernel_os
