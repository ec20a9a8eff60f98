// The leak check itself: it finds what it must find.
#include "tests/support/machine_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(MachineStateTest, SeesNothingNewWhenNothingHappened) {
  const MachineState before = MachineState::Take();
  EXPECT_THAT(MachineState::Take().NewSince(before), IsEmpty());
}

TEST(MachineStateTest, SeesAMap) {
  const MachineState before = MachineState::Take();
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  const auto map = static_cast<int>(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
  ASSERT_GE(map, 0);
  EXPECT_THAT(MachineState::Take().NewSince(before), Contains(StartsWith("BPF map ")));
  ::close(map);
}

TEST(MachineStateTest, SeesATemporaryFile) {
  const MachineState before = MachineState::Take();
  const std::string path = std::string(std::getenv("TMPDIR")) + "/forgotten";
  std::ofstream(path) << "x";
  EXPECT_THAT(MachineState::Take().NewSince(before), Contains("temporary file " + path));
  std::filesystem::remove(path);
}

TEST(MachineStateTest, SeesAProcessAndItsNetworkNamespace) {
  const MachineState before = MachineState::Take();
  Subprocess child =
      Subprocess::Start({"unshare", "--net", "sh", "-c", "echo there; exec cat /dev/zero >/dev/null"});
  ASSERT_TRUE(child.WaitForOutput("there", std::chrono::seconds(10)));
  const auto left = MachineState::Take().NewSince(before);
  EXPECT_THAT(left, Contains(StartsWith("process ")));
  EXPECT_THAT(left, Contains(StartsWith("network namespace net:")));
}

TEST(MachineStateTest, SeesAMount) {
  const MachineState before = MachineState::Take();
  const std::string folder = std::string(std::getenv("TMPDIR")) + "/mounted";
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(::mount("none", folder.c_str(), "tmpfs", 0, "size=4k"), 0);
  EXPECT_THAT(MachineState::Take().NewSince(before), Contains("mount " + folder));
  ::umount(folder.c_str());
  ::rmdir(folder.c_str());
}

}  // namespace
}  // namespace bpfrig::tests
