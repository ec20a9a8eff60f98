// `bpfrig doctor` and `bpfrig describe`, with ls in the daemon's place: it names the files that are not
// there.
#include <gtest/gtest.h>
#include <unistd.h>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/testing/command_fixture.h"

namespace bpfrig::client::command {
namespace {

using DaemonCommandTest = CommandFixture;

// No fixture: the statement runs in its own process, which would leave the fixture's directory behind.
TEST(DaemonCommandDeathTest, BecomesTheDaemonsCommand) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  DaemonCommandOptions options;
  options.executable = "/bin/ls";
  options.arguments = {"--", "a b"};
  EXPECT_EXIT(_exit(RunDoctor(options)), testing::ExitedWithCode(2), "doctor.*a b");
  EXPECT_EXIT(_exit(DescribeObject(options)), testing::ExitedWithCode(2), "describe.*a b");
}

TEST_F(DaemonCommandTest, SaysWhereToRunItWhenThereIsNoDaemon) {
  DaemonCommandOptions options;
  options.executable = (directory_ / "missing").string();
  const Outcome outcome = Captured([&] { return RunDoctor(options); });
  EXPECT_EQ(outcome.code, kRigFailed);
  EXPECT_EQ(outcome.err,
            "bpfrig: without a daemon, the client cannot tell what one would be missing: the daemon " +
                options.executable +
                " is not an executable file; run this where the daemon runs, as in `docker compose run "
                "--rm bpfrigd doctor`\n");
  const Outcome describe = Captured([&] { return DescribeObject(options); });
  EXPECT_EQ(describe.code, kRigFailed);
  EXPECT_EQ(describe.err,
            "bpfrig: it is the daemon's binary that looks into objects, and the client has none here: the "
            "daemon " +
                options.executable +
                " is not an executable file; run this where it is, as in `docker compose run --rm -T "
                "bpfrigd describe - < OBJECT`\n");
}

}  // namespace
}  // namespace bpfrig::client::command
