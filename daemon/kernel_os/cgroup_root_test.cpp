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

std::vector<bool> WhichAreOwn(const std::vector<CgroupPlace>& places) {
  std::vector<bool> own;
  for (const CgroupPlace& place : places) own.push_back(place.is_own);
  return own;
}

std::vector<bool> WhichAreMounted(const std::vector<CgroupPlace>& places) {
  std::vector<bool> mounted;
  for (const CgroupPlace& place : places) {
    if (place.own_mount) mounted.push_back(place.is_mounted);
  }
  return mounted;
}

TEST(CgroupPlacesTest, FindsTheUnifiedMountOfAHybridHost) {
  constexpr char kMounts[] =
      "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:7 master:2 - cgroup2 cgroup2 rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "4:memory:/x\n0::/\n")),
              ElementsAre("/sys/fs/cgroup/unified", "cgroup2:"));
}

TEST(CgroupPlacesTest, OffersTheOwnCgroupBeforeTheRoots) {
  constexpr char kMounts[] = "30 25 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
  const std::vector<CgroupPlace> places = CgroupPlaces(kMounts, "0::/system.slice/rig.service\n");
  EXPECT_THAT(Describe(places),
              ElementsAre("/sys/fs/cgroup/system.slice/rig.service", "cgroup2:/system.slice/rig.service",
                          "/sys/fs/cgroup", "cgroup2:"));
  EXPECT_THAT(WhichAreOwn(places), ElementsAre(true, true, false, false));
}

TEST(CgroupPlacesTest, ARootCanBeTheOwnCgroup) {
  // In a cgroup namespace of the container's own, and on a machine without systemd.
  constexpr char kMounts[] = "30 25 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
  const std::vector<CgroupPlace> places = CgroupPlaces(kMounts, "0::/\n");
  EXPECT_THAT(Describe(places), ElementsAre("/sys/fs/cgroup", "cgroup2:"));
  EXPECT_THAT(WhichAreOwn(places), ElementsAre(true, true));
}

TEST(CgroupPlacesTest, TheLeafOfADaemonCountsAsTheCgroupAboveIt) {
  constexpr char kMounts[] = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
  EXPECT_EQ(DescribePlace(CgroupPlaces(kMounts, "0::/docker/a/bpfrig-daemon\n").front()),
            "/sys/fs/cgroup/docker/a");
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/bpfrig-daemon\n")),
              ElementsAre("/sys/fs/cgroup", "cgroup2:"));
}

TEST(CgroupPlacesTest, OffersOnlyItsOwnMountOnAV1Host) {
  constexpr char kMounts[] = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "3:cpu:/\n")), ElementsAre("cgroup2:"));
}

TEST(CgroupPlacesTest, TellsWhatOfItsOwnMountTheMachinesMountsShow) {
  constexpr char kWhole[] = "30 25 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
  EXPECT_THAT(WhichAreMounted(CgroupPlaces(kWhole, "0::/system.slice/rig.service\n")),
              ElementsAre(true, true));
  constexpr char kPart[] = "1 2 0:3 /docker/a /cg rw - cgroup2 none rw\n";
  EXPECT_THAT(WhichAreMounted(CgroupPlaces(kPart, "0::/docker/a/inner\n")), ElementsAre(true, false));
  EXPECT_THAT(WhichAreMounted(CgroupPlaces(kPart, "0::/docker/ab\n")), ElementsAre(false, false));
  EXPECT_THAT(WhichAreMounted(CgroupPlaces("", "0::/\n")), ElementsAre(false));
}

TEST(CgroupPlacesTest, UndoesEscapesOfPaths) {
  constexpr char kMounts[] = "1 2 0:3 / /mnt/my\\040c\\134g\\011roups rw - cgroup2 none rw\n";
  EXPECT_EQ(CgroupPlaces(kMounts, "").front().path, "/mnt/my c\\g\troups");
}

TEST(CgroupPlacesTest, FollowsAMountOfAPartOfTheTree) {
  constexpr char kMounts[] = "1 2 0:3 /docker/a /cg rw - cgroup2 none rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/docker/a/inner\n")),
              ElementsAre("/cg/inner", "cgroup2:/docker/a/inner", "/cg", "cgroup2:"));
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/docker/a\n")),
              ElementsAre("/cg", "cgroup2:/docker/a", "cgroup2:"));
}

TEST(CgroupPlacesTest, LeavesOutAnOwnCgroupThatTheMountDoesNotShow) {
  constexpr char kMounts[] = "1 2 0:3 /docker/a /cg rw - cgroup2 none rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "0::/docker/ab\n")),
              ElementsAre("cgroup2:/docker/ab", "/cg", "cgroup2:"));
  // A process outside of its cgroup namespace's root.
  const std::vector<CgroupPlace> outside = CgroupPlaces(kMounts, "0::/../other\n");
  EXPECT_THAT(Describe(outside), ElementsAre("/cg", "cgroup2:"));
  EXPECT_THAT(WhichAreOwn(outside), ElementsAre(false, false));
}

TEST(CgroupPlacesTest, IsNotFooledByAPathThatLooksLikeTheSeparator) {
  constexpr char kMounts[] = "1 2 0:3 / /mnt/\\040-\\040cgroup2 rw - ext4 /dev/vda rw\n";
  EXPECT_THAT(Describe(CgroupPlaces(kMounts, "")), ElementsAre("cgroup2:"));
}

}  // namespace
}  // namespace bpfrig::kernel_os
