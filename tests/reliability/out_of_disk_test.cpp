// A daemon whose log is a file on a full disk: it serves on, and once there is room again the log says what
// is missing.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/testing/temporary_directory.h"
#include "tests/reliability/hard_ends.h"
#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

// Runs a command whose standard error is the file `log` of a small disk that `filler` fills; both are to be
// seen by that command alone.
constexpr char kOnAFullDisk[] = R"(mount -t tmpfs -o size=64k none "$0"
head -c 1M /dev/zero >"$0/filler" 2>/dev/null
exec "$@" 2>"$0/log")";

// There before the daemon, and after it.
struct SmallDisk {
  const common::TemporaryDirectory directory;
};

class OutOfDiskTest : private SmallDisk, public HardEndsTest {
 protected:
  OutOfDiskTest()
      : HardEndsTest({{"unshare", "--mount", "sh", "-c", kOnAFullDisk, directory.path()}},
                     {"--log-level", "debug"}) {}

  // A file of the disk, from outside.
  [[nodiscard]] std::string FileOfDisk(const std::string& name) const {
    return "/proc/" + std::to_string(daemon_.Pid()) + "/root" + std::string(directory / name);
  }
};

TEST_F(OutOfDiskTest, TheDaemonServesOnAndItsLogSaysWhatIsMissing) {
  {
    const PlansMeanwhile plans(daemon_.Target());
    Repeat("sandbox of a daemon whose log is on a full disk", [&] {
      const Victim victim = MakeVictim();
      v1::CloseSandboxResponse ledger;
      const grpc::Status closed = victim.sandbox->Close(ledger);
      EXPECT_TRUE(closed.ok()) << closed.error_message();
    });
  }
  EXPECT_EQ(ReadAll(FileOfDisk("log")), "") << "the disk was not full";
  ASSERT_TRUE(std::filesystem::remove(FileOfDisk("filler")));
  (void)MakeVictim();
  EXPECT_TRUE(WaitUntil(kSoon, [&] {
    return ReadAll(FileOfDisk("log")).find("dropped ") != std::string::npos;
  })) << ReadAll(FileOfDisk("log"));
  EXPECT_TRUE(same_.StillServes());
}

}  // namespace
}  // namespace bpfrig::tests
