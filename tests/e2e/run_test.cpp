// `bpfrig` as a user calls it: the shipped plans, the README's, and what goes wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/e2e/rig.h"
#include "tests/support/documents.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string& Plans() {
  static const std::string kPlans = std::string(BPFRIG_SOURCE) + "/plans";
  return kPlans;
}

TEST(RunTest, ShippedPlansPassOnAPrivateDaemon) {
  const Outcome outcome = RunToEnd(RunCommand({Plans()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  // What a kernel lacks is skipped, with a reason.
  EXPECT_THAT(outcome.output, ContainsRegex("\n[0-9]+ passed, 0 failed(, [0-9]+ skipped)?\n$"));
}

TEST(RunTest, ShippedPlansPassTwiceOnOneDaemon) {
  const Daemon daemon;
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = RunToEnd(RunCommand({"--target", daemon.Target(), Plans()}));
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }
}

TEST(RunTest, ReadmesPlanPasses) {
  const TemporaryFile plan("readme.yaml", FirstBlockOf(BPFRIG_SOURCE "/README.md", "yaml"));
  const Outcome outcome = RunToEnd(RunCommand({plan.Path()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

// The mesh's programs as control planes ship them: maps by sizes, no type kept visible.
Outcome RunMeshPlansOn(const std::string& objects) {
  return RunToEnd(
      {Binary("bpfrig"), "run", "-I", BPFRIG_TEST_OBJECTS "/by_size" + objects, Plans() + "/mesh"});
}

TEST(RunTest, MeshPlansPassOnObjectsThatHaveTheirTypesInDwarf) {
  const Outcome outcome = RunMeshPlansOn("");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("\n[0-9]+ passed, 0 failed\n$"));
}

TEST(RunTest, StrippedObjectsSayWhatToKeep) {
  const Outcome outcome = RunMeshPlansOn("/stripped");
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("has no type \"frontend_key\" in its BTF, and no DWARF"));
  EXPECT_THAT(outcome.output, HasSubstr("bpf2go: -no-strip"));
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
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "run"}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "run", "/nonexistent.yaml"}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrig"), "run", "--target", "nonsense", Plans()}).status, 2);
  EXPECT_EQ(RunToEnd({Binary("bpfrigd"), "--nonsense"}).status, 2);
}

// What `bpfrig ARGUMENTS` says about a wrong command line.
std::string Complaint(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"env", "-u", "BPFRIG_TARGET", Binary("bpfrig")});
  const Outcome outcome = RunToEnd(arguments);
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  return outcome.output;
}

TEST(RunTest, NamesWhatAMisspeltWordMayHaveMeant) {
  EXPECT_EQ(Complaint({"rnu", "x"}),
            "bpfrig: there is no command \"rnu\" (did you mean \"run\"?); the commands are run, mutate, "
            "check, info, "
            "health, doctor, describe, kernels, schema\n");
  EXPECT_EQ(
      Complaint({}),
      "bpfrig: a command is missing; the commands are run, mutate, check, info, health, doctor, describe, "
      "kernels, schema\n");
  EXPECT_EQ(Complaint({"kernels", "fech", "6.1"}),
            "bpfrig: there is no command \"fech\" (did you mean \"fetch\"?); the commands are list, fetch, "
            "remove\n");
  EXPECT_EQ(
      Complaint({"run", "--tests", "x", Plans()}),
      "bpfrig: there is no option --tests (did you mean \"--test\"?); `bpfrig run --help` lists them\n");
  EXPECT_EQ(Complaint({"check", "--qqqqqqqqqqqq=1", Plans()}),
            "bpfrig: there is no option --qqqqqqqqqqqq; `bpfrig check --help` lists them\n");
  EXPECT_THAT(Complaint({"run", "--control", "allways", Plans()}),
              HasSubstr("--control: one of new, always, never was expected, not \"allways\" (did you mean "
                        "\"always\"?)"));
}

TEST(RunTest, SaysWhatAnOptionsValueMustBe) {
  EXPECT_THAT(Complaint({"health", "--timeout", "0"}),
              HasSubstr("--timeout: a number of seconds from 0.1 to 3600 was expected, not 0\n"));
  EXPECT_THAT(Complaint({"run", "-j", "0", Plans()}),
              HasSubstr("-j: a number from 1 to 1024 was expected, not 0\n"));
  EXPECT_THAT(Complaint({"run", "--shuffle=x", Plans()}), HasSubstr("a seed is a number from 1, not \"x\""));
  EXPECT_THAT(Complaint({"run", "-k", "a and", Plans()}),
              HasSubstr("a word, `not` or `(` was expected, not the end"));
  EXPECT_THAT(Complaint({"check", "--var", "port", Plans()}),
              HasSubstr("NAME=VALUE was expected, not \"port\""));
}

TEST(RunTest, RefusesOptionsThatHaveNoEffectTogether) {
  EXPECT_EQ(
      Complaint({"run", "--target", "unix:/x", "--no-perfmon", Plans()}),
      "bpfrig: --no-perfmon is for a private daemon, and --target names one that runs already; leave one of "
      "them out\n");
  const Outcome from_environment =
      RunToEnd({"env", "BPFRIG_TARGET=unix:/x", Binary("bpfrig"), "info", "--allow-load", "kfunc:x"});
  EXPECT_EQ(from_environment.status, 2);
  EXPECT_THAT(from_environment.output, HasSubstr("BPFRIG_TARGET names one that runs already"));
  EXPECT_EQ(Complaint({"run", "--list", "--retries", "2", Plans()}),
            "bpfrig: --retries is for tests that run, and --list runs none; leave one of them out\n");
}

TEST(RunTest, RefusesOptionsOfWhatTheRunDoesNotHave) {
  EXPECT_EQ(Complaint({"run", "--kernel-memory", "512", Plans()}),
            "bpfrig: --kernel-memory is for guests, and no --kernel names one\n");
  EXPECT_EQ(Complaint({"mutate", "--kernel-timeout", "60", Plans()}),
            "bpfrig: --kernel-timeout is for guests, and no --kernel names one\n");
  EXPECT_EQ(Complaint({"info", "--tls-ca", "ca.pem"}),
            "bpfrig: --tls-ca is for a daemon that runs already, and no --target names one\n");
  EXPECT_EQ(Complaint({"run", "--list", "--last-failed", Plans()}),
            "bpfrig: --last-failed is for tests that run, and --list runs none; leave one of them out\n");
}

TEST(RunTest, SaysThatAnOptionTookTheFeatureAway) {
  const TemporaryFile plan("perfmon.yaml",
                           "name: p\nrequires: [perfmon]\ntests:\n  - name: t\n    steps:\n"
                           "      - listen: {name: s, at: {address: 127.0.0.1, port: 80}}\n");
  const Outcome outcome = RunToEnd(RunCommand({"--no-perfmon", plan.Path()}));
  EXPECT_EQ(outcome.status, 4) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("SKIP  p / t  needs perfmon: --no-perfmon takes it away\n"));
}

TEST(RunTest, SaysThatAnOptionIsGivenTwiceOrLacksItsValue) {
  EXPECT_EQ(Complaint({"run", "--test", "a", "--test", "b", Plans()}),
            "bpfrig: --test is given twice, and takes one value\n");
  EXPECT_EQ(Complaint({"run", Plans(), "--log-dir"}), "bpfrig: --log-dir lacks its value: --log-dir DIR\n");
  EXPECT_EQ(Complaint({"info", "x"}),
            "bpfrig: bpfrig info has no use for x; `bpfrig info --help` says what it takes\n");
}

TEST(RunTest, TheDaemonNamesTheNearestOption) {
  const auto complaint = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), Binary("bpfrigd"));
    const Outcome outcome = RunToEnd(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.output;
    return outcome.output;
  };
  EXPECT_EQ(complaint({"--max-sandbox", "3"}),
            "bpfrigd: there is no option --max-sandbox (did you mean \"--max-sandboxes\"?); `bpfrigd --help` "
            "lists them\n");
  EXPECT_EQ(complaint({"--group", "a", "--group", "b"}),
            "bpfrigd: --group is given twice, and takes one value\n");
  EXPECT_EQ(complaint({"describe", "--jsno", "x"}),
            "bpfrigd: there is no option --jsno (did you mean \"--json\"?); `bpfrigd describe --help` lists "
            "them\n");
}

TEST(RunTest, TheDaemonSaysThatItsLimitOfOpenFilesIsTooLow) {
  const Daemon daemon;
  const Outcome outcome = RunToEnd(
      {"prlimit", "--nofile=100:100", Binary("bpfrigd"), "--listen", daemon.Target() + ".low"}, kPatience);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("the limit of open files is too low, and 1024 is enough"));
}

TEST(RunTest, NoShippedPlanIsVacuous) {
  const std::string jobs = std::to_string(4 * std::thread::hardware_concurrency());
  const Outcome outcome = RunToEnd(RunCommand({"--control", "always", "-j", jobs, Plans()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

// Runs the client as nobody. The build folder may be closed to other users, so this runs a copy outside of
// it.
Outcome RunAsNobody(const std::vector<std::string>& arguments) {
  std::filesystem::permissions(std::getenv("TMPDIR"), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  const std::string copy = std::string(std::getenv("TMPDIR")) + "/bpfrig";
  std::filesystem::copy_file(Binary("bpfrig"), copy);
  std::vector<std::string> command = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Outcome outcome = RunToEnd(command);
  std::filesystem::remove(copy);
  return outcome;
}

TEST(RunTest, WithoutRootItSaysWhatToDo) {
  const TemporaryFile plan("waiting.yaml", WaitingPlan());
  const Outcome outcome = RunAsNobody({"run", plan.Path()});
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("root"));
  EXPECT_THAT(outcome.output, HasSubstr("--target"));
}

TEST(RunTest, WithoutPermissionItSaysWhoMayCall) {
  const Daemon daemon;
  const Outcome outcome = RunAsNobody({"info", "--target", daemon.Target()});
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("no permission to call the daemon at " + daemon.Target()));
  EXPECT_THAT(outcome.output, HasSubstr("is for the user root"));
}

TEST(RunTest, HealthTellsWhetherADaemonServes) {
  std::string target;
  {
    const Daemon daemon;
    target = daemon.Target();
    const Outcome serving = RunToEnd({Binary("bpfrig"), "health", "--wait", "--target", target});
    EXPECT_EQ(serving.status, 0);
    EXPECT_EQ(serving.output, "SERVING\n");
  }
  const Outcome gone = RunToEnd({"env", "BPFRIG_TARGET=" + target, Binary("bpfrig"), "health"});
  EXPECT_EQ(gone.status, 3);
  EXPECT_THAT(gone.output, HasSubstr("nothing answers at " + target));
}

TEST(RunTest, EnvironmentSaysWhereObjectsAre) {
  const std::vector<std::string> check = {Binary("bpfrig"), "check", Plans()};
  const std::string not_found = "did not look into ";
  EXPECT_THAT(RunToEnd(check).output, HasSubstr(not_found));
  std::vector<std::string> told = {"env", "BPFRIG_OBJECT_PATH=/nonexistent:" BPFRIG_BPF_OBJECTS};
  told.insert(told.end(), check.begin(), check.end());
  const Outcome outcome = RunToEnd(told);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, Not(HasSubstr(not_found)));
}

TEST(RunTest, SecondDaemonOnASocketIsRefused) {
  const Daemon daemon;
  const Outcome outcome = RunToEnd({Binary("bpfrigd"), "--listen", daemon.Target()}, kPatience);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("another bpfrigd"));
}

}  // namespace
}  // namespace bpfrig::tests
