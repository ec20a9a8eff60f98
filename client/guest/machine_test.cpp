// The machine against a QEMU of the test's own: a script that does what a guest may do to us.
#include "client/guest/machine.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "common/testing/temporary_directory.h"

namespace bpfrig::client::guest {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kBootedFrame = R"(printf 'B\003\000\000\0006.1' >&4)";

class MachineTest : public testing::Test {
 protected:
  MachineTest() : path_(getenv("PATH")) { UsePath(directory_.path().string() + ":" + path_); }
  ~MachineTest() override { UsePath(path_); }

  static void UsePath(const std::string& path) { setenv("PATH", path.c_str(), 1); }

  // What comes of a QEMU that runs these lines of shell: 3 is the console, 4 the results.
  Outcome Run(const std::string& lines, MachineOptions options = {}) {
    const std::filesystem::path script = directory_.path() / "qemu-system-x86_64";
    std::ofstream(script) << "#!/bin/sh\n" << lines << "\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    absl::StatusOr<Machine> machine = Machine::Start(options, nothing_.Get());
    if (!machine.ok()) {
      Outcome outcome;
      outcome.failure = std::string(machine.status().message());
      return outcome;
    }
    return RunMachine(*std::move(machine));
  }

  const common::TemporaryDirectory directory_;
  const common::Fd nothing_{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const std::string path_;
};

TEST_F(MachineTest, TakesWhatTheGuestSends) {
  const Outcome outcome = Run(std::string(kBootedFrame) + R"(
printf 'O\003\000\000\000hi\n' >&4
printf 'P\010\000\000\0001/a/b\000hi' >&4
printf 'P\010\000\000\0000/../x\000!' >&4
printf 'R\002\000\000\000{}' >&4
printf 'X\001\000\000\0001' >&4
exec cat /dev/zero >/dev/null)");
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.release, "6.1");
  EXPECT_EQ(outcome.output, "hi\n");
  EXPECT_EQ(outcome.report, "{}");
  EXPECT_EQ(outcome.exit_status, 1);
  ASSERT_EQ(outcome.files.all().size(), 1u);
  EXPECT_EQ(outcome.files.all()[0].folder, 1u);
  EXPECT_EQ(outcome.files.all()[0].path, "a/b");
  EXPECT_EQ(outcome.files.all()[0].bytes, "hi");
  EXPECT_THAT(outcome.files.status().message(), HasSubstr("0/../x"));
}

TEST_F(MachineTest, SaysWhyAKernelGaveUp) {
  const Outcome outcome =
      Run(R"(printf '[ 1.0] Run /init\r\n[ 1.1] Kernel panic - not syncing: no init\r\n' >&3)");
  EXPECT_THAT(outcome.failure,
              StartsWith("the kernel gave up: Kernel panic - not syncing: no init; its console "
                         "ends:\n[ 1.0] Run /init\n"));
}

TEST_F(MachineTest, SaysWhatQemuComplainedOf) {
  EXPECT_EQ(Run("echo no such accelerator; exit 1").failure,
            "qemu-system-x86_64 ended with exit status 1: no such accelerator");
}

TEST_F(MachineTest, SaysThatTheMachineEndedBeforeTheRun) {
  EXPECT_EQ(Run(kBootedFrame).failure, "the machine ended before the run did; nothing came on its console");
}

TEST_F(MachineTest, EndsAGuestThatHangs) {
  MachineOptions options;
  options.patience = std::chrono::seconds(1);
  EXPECT_THAT(Run(std::string(kBootedFrame) + "\nexec cat /dev/zero >/dev/null", options).failure,
              StartsWith("the guest hangs: no sign of life for 1 s"));
  EXPECT_THAT(Run("exec cat /dev/zero >/dev/null", options).failure,
              StartsWith("the kernel does not come up: no sign of life for 1 s"));
}

TEST_F(MachineTest, EndsAGuestThatTakesTooLongHoweverAliveItIs) {
  MachineOptions options;
  options.timeout = std::chrono::seconds(1);
  EXPECT_THAT(Run("while printf 'A\\000\\000\\000\\000' >&4; do :; done", options).failure,
              StartsWith("it was not over after 1 s (--kernel-timeout)"));
}

TEST_F(MachineTest, RefusesWhatIsNotAFrame) {
  EXPECT_THAT(Run("echo hello, this is no frame >&4; exec cat /dev/zero >/dev/null").failure,
              HasSubstr("came from the guest"));
}

TEST_F(MachineTest, NamesThePackageOfQemu) {
  UsePath(directory_.path().string());
  absl::StatusOr<Machine> machine = Machine::Start({}, nothing_.Get());
  EXPECT_EQ(machine.status().message(),
            "there is no qemu-system-x86_64 in PATH, which boots other kernels; Debian has it in the package "
            "qemu-system-x86");
}

}  // namespace
}  // namespace bpfrig::client::guest
