// `bpfrig doctor`, with ls in the daemon's place: it names the files that are not there.
#include <gtest/gtest.h>
#include <unistd.h>

#include "client/testing/command_fixture.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"

namespace bpfrig::client::command {
namespace {

using DoctorCommandTest = CommandFixture;

// No fixture: the statement runs in a process of its own, which would leave its directory behind.
TEST(DoctorDeathTest, BecomesTheDaemonsCommand) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  DoctorOptions options;
  options.executable = "/bin/ls";
  options.arguments = {"--", "a b"};
  EXPECT_EXIT(_exit(RunDoctor(options)), testing::ExitedWithCode(2), "doctor.*a b");
}

TEST_F(DoctorCommandTest, SaysWhereToRunItWhereThereIsNoDaemon) {
  DoctorOptions options;
  options.executable = (directory_ / "missing").string();
  const Outcome outcome = Captured([&] { return RunDoctor(options); });
  EXPECT_EQ(outcome.code, kRigFailed);
  EXPECT_EQ(outcome.err,
            "bpfrig: the client alone cannot tell what a daemon is missing: the daemon " +
                options.executable +
                " is no executable file; run this where the daemon runs, as in `docker compose run "
                "--rm bpfrigd doctor`\n");
}

}  // namespace
}  // namespace bpfrig::client::command
