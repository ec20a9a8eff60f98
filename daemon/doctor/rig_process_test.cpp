#include "daemon/doctor/rig_process.h"

#include <gtest/gtest.h>

#include <string>

namespace bpfrig::doctor {
namespace {

using Role = RigProcess::Role;

TEST(RigProcessTest, IsKnownByItsCommandLine) {
  EXPECT_EQ(RoleOf(std::string("bpfrigd\0worker\0--number\0007\0", 26)), Role::kWorker);
  EXPECT_EQ(RoleOf(std::string("bpfrigd-front\0--control\0", 24)), Role::kFront);
  EXPECT_EQ(RoleOf(std::string("/usr/bin/bpfrigd\0", 17)), Role::kDaemon);
  EXPECT_EQ(RoleOf(std::string("bpfrigd\0--listen\0unix:x\0", 24)), Role::kDaemon);
  EXPECT_EQ(RoleOf(std::string("bpfrigd\0doctor\0--leaks\0", 23)), Role::kNone);
  EXPECT_EQ(RoleOf(std::string("vi\0bpfrigd\0", 11)), Role::kNone);
  EXPECT_EQ(RoleOf(""), Role::kNone);
}

TEST(RigProcessTest, SeesAKillThatHasNoEffect) {
  EXPECT_TRUE(HasPendingKill("State:\tR\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n"));
  EXPECT_TRUE(HasPendingKill("SigPnd:\t0000000000000101\nShdPnd:\t0000000000000000\n"));
  EXPECT_FALSE(
      HasPendingKill("SigPnd:\t0000000000000080\nShdPnd:\t0000000000000200\nSigBlk:\t0000000000000100\n"));
  EXPECT_FALSE(HasPendingKill(""));
}

TEST(RigProcessTest, CountsEachDescriptorOnce) {
  RigProcess process;
  CountDescriptor("pos:\t0\nlink_type:\tcgroup\nlink_id:\t3\nprog_tag:\tab\nprog_id:\t7\n", process);
  CountDescriptor("pos:\t0\nprog_type:\t18\nprog_id:\t7\n", process);
  CountDescriptor("pos:\t0\nmap_type:\t1\nmap_id:\t9\n", process);
  CountDescriptor("pos:\t0\nmap_type:\t3\nmap_id:\t10\nowner_prog_type:\t3\n", process);
  CountDescriptor("pos:\t0\nflags:\t02\n", process);
  process.pid = 12;
  process.role = Role::kWorker;
  process.was_killed = true;
  process.network_namespace = "net:[4026532000]";
  EXPECT_EQ(Describe(process),
            "worker, process 12: was killed and still runs in the kernel; 1 program, 2 maps, 1 link; "
            "net:[4026532000]");
}

}  // namespace
}  // namespace bpfrig::doctor
