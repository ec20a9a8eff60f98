#include "daemon/kernel_os/cgroup_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfrig::kernel_os {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Describe(const std::vector<CgroupPlace>& places) {
  std::vector<std::string> texts;
  for (const CgroupPlace& place : places) texts.push_back(DescribePlace(place));
  return texts;
}

TEST(CgroupPlacesTest, FindsTheUnifiedMountOfAHybridHost) {
  constexpr char kMounts[] =
      "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:7 master:2 - cgroup2 cgroup2 rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "4:memory:/x\n0::/\n")),
              ElementsAre("/sys/fs/cgroup/unified", "cgroup2:"));
}

TEST(CgroupPlacesTest, OffersTheOwnCgroupAfterTheRoots) {
  constexpr char kMounts[] = "30 25 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/system.slice/rig.service\n")),
              ElementsAre("/sys/fs/cgroup", "/sys/fs/cgroup/system.slice/rig.service",
                          "cgroup2:/system.slice/rig.service", "cgroup2:"));
}

TEST(CgroupPlacesTest, OffersOnlyItsOwnMountOnAV1Host) {
  constexpr char kMounts[] = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "3:cpu:/\n")), ElementsAre("cgroup2:"));
}

TEST(CgroupPlacesTest, UndoesEscapesOfPaths) {
  constexpr char kMounts[] = "1 2 0:3 / /mnt/my\\040c\\134g\\011roups rw - cgroup2 none rw\n";
  EXPECT_EQ(CgroupPlaces(kMounts, "").front().path, "/mnt/my c\\g\troups");
}

TEST(CgroupPlacesTest, FollowsAMountOfAPartOfTheTree) {
  constexpr char kMounts[] = "1 2 0:3 /docker/a /cg rw - cgroup2 none rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/docker/a/inner\n")),
              ElementsAre("/cg", "/cg/inner", "cgroup2:/docker/a/inner", "cgroup2:"));
}

TEST(CgroupPlacesTest, LeavesOutAnOwnCgroupThatTheMountDoesNotShow) {
  constexpr char kMounts[] = "1 2 0:3 /docker/a /cg rw - cgroup2 none rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/docker/ab\n")).size(), 3u);
  // A process outside of its cgroup namespace's root.
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/../other\n")), ElementsAre("/cg", "cgroup2:"));
}

TEST(CgroupPlacesTest, IsNotFooledByAPathThatLooksLikeTheSeparator) {
  constexpr char kMounts[] = "1 2 0:3 / /mnt/\\040-\\040cgroup2 rw - ext4 /dev/vda rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "")), ElementsAre("cgroup2:"));
}

}  // namespace
}  // namespace bpfrig::kernel_os
