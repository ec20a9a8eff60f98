// `bpfrig` as a user calls it: the shipped plans, the README's, and what goes wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/e2e/rig.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const std::string& Plans() {
  static const std::string kPlans = std::string(BPFRIG_SOURCE) + "/plans";
  return kPlans;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The first fenced block of the README that is marked as YAML.
std::string ReadmePlan() {
  const std::string readme = ReadFile(std::string(BPFRIG_SOURCE) + "/README.md");
  const std::string fence = "```yaml\n";
  const size_t start = readme.find(fence);
  if (start == std::string::npos) return "";
  const size_t end = readme.find("```", start + fence.size());
  return readme.substr(start + fence.size(), end - start - fence.size());
}

TEST(RunTest, ShippedPlansPassOnAPrivateDaemon) {
  const Outcome outcome = RunToEnd(RunCommand({Plans()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("\n[0-9]+ passed, 0 failed\n$"));
}

TEST(RunTest, ShippedPlansPassTwiceOnOneDaemon) {
  const Daemon daemon;
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = RunToEnd(RunCommand({"--target", daemon.Target(), Plans()}));
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }
}

TEST(RunTest, ReadmesPlanPasses) {
  const TemporaryFile plan("readme.yaml", ReadmePlan());
  const Outcome outcome = RunToEnd(RunCommand({plan.Path()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST(RunTest, FailedExpectationEndsWithStatusOneAndSaysWhereAndWhat) {
  const TemporaryFile plan("wrong.yaml", R"(name: wrong
tests:
  - name: expects another server
    steps:
      - listen: {name: here, at: {address: 127.0.0.1, port: 7000}}
      - connect: {to: {address: 127.0.0.1, port: 7000}}
        expect: {peer: {address: 127.0.0.1, port: 7001}, server: here}
)");
  const Outcome outcome = RunToEnd(RunCommand({plan.Path()}));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("wrong.yaml:7:"));
  EXPECT_THAT(outcome.output, HasSubstr("7001"));
  EXPECT_THAT(outcome.output, ContainsRegex("\n0 passed, 1 failed\n$"));
}

TEST(RunTest, AttachedProgramThatNeverRanFailsItsTest) {
  const std::string steps = R"(
    steps:
      - load: {object: noop, attach: [noop_connect4, noop_connect6]}
      - listen: {name: here, at: {address: 127.0.0.1, port: 7000}}
      - connect: {to: {address: 127.0.0.1, port: 7000}}
        expect: {server: here}
)";
  const std::string head = "name: idle\nobjects: {noop: noop.bpf.o}\ntests:\n  - name: dials v4 only";
  const TemporaryFile idle("idle.yaml", head + steps);
  const Outcome failed = RunToEnd(RunCommand({"-I", BPFRIG_TEST_OBJECTS, idle.Path()}));
  EXPECT_EQ(failed.status, 1) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("noop_connect6"));
  EXPECT_THAT(failed.output, HasSubstr("never ran"));

  const TemporaryFile told("told.yaml", head + "\n    may_not_run: [noop_connect6]" + steps);
  const Outcome passed = RunToEnd(RunCommand({"-I", BPFRIG_TEST_OBJECTS, told.Path()}));
  EXPECT_EQ(passed.status, 0) << passed.output;
}

TEST(RunTest, UnansweredTargetIsTheRigsFailure) {
  const Outcome outcome = RunToEnd({Binary("bpfrig"), "info", "--target", "unix:/nonexistent/bpfrig.sock"});
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("/nonexistent/bpfrig.sock"));
}

TEST(RunTest, UsageErrorsEndWithStatusTwo) {
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "rum"}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "run"}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "run", "/nonexistent.yaml"}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "run", "--target", "nonsense", Plans()}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrigd"), "--nonsense"}).status, 2);
}

TEST(RunTest, WithoutRootItSaysWhatToDo) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  std::filesystem::permissions(std::getenv("TMPDIR"), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  const std::string client = Binary("bpfrig");
  // The build folder may be closed to other users: run a copy that is not.
  const std::string copy = std::string(std::getenv("TMPDIR")) + "/bpfrig";
  std::filesystem::copy_file(client, copy);
  const Outcome outcome =
      RunToEnd({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "run", plan.Path()});
  std::filesystem::remove(copy);
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("root"));
  EXPECT_THAT(outcome.output, HasSubstr("--target"));
}

TEST(RunTest, SecondDaemonOnASocketIsRefused) {
  const Daemon daemon;
  const Outcome outcome = RunToEnd({Binary("bpfrigd"), "--listen", daemon.Target()}, kPatience);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("another bpfrigd"));
}

}  // namespace
}  // namespace bpfrig::tests
