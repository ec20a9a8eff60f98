// The commands' output and exit codes, with a fake daemon at the other end of a unix socket.
#include "client/command/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/command/exit_code.h"
#include "client/testing/command_fixture.h"
#include "client/testing/fake_daemon.h"

namespace bpfrig::client::command {
namespace {

using testing::HasSubstr;

class CommandTest : public CommandFixture {
 protected:
  // Three tests: `one`, `two` and `three`, which detach a link of their name.
  std::string WritePlan() {
    return Write("plan.yaml",
                 "name: p\ntests:\n"
                 "  - {name: one, steps: [{detach: {link: one}}]}\n"
                 "  - {name: two, steps: [{detach: {link: two}}]}\n"
                 "  - {name: three, steps: [{detach: {link: three}}]}\n");
  }

  Outcome Run(const std::string& plan, const std::string& filter = "") {
    RunOptions options;
    options.plans.plans = {plan};
    options.plans.test_filter = filter;
    options.daemon.target = target_;
    return Captured([&] { return RunPlans(options); });
  }
};

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  const size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

TEST_F(CommandTest, RunsAllAndCounts) {
  daemon::FakeDaemon daemon;
  daemon.Start(target_);
  const Outcome outcome = Run(WritePlan());
  EXPECT_EQ(outcome.code, kAllPassed) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("PASS  p / one  "));
  EXPECT_THAT(outcome.out, HasSubstr("PASS  p / three  "));
  EXPECT_EQ(LastLine(outcome.out), "3 passed, 0 failed");
  EXPECT_THAT(Run(WritePlan(), "p / two").out, testing::Not(HasSubstr("three")));
  daemon.Stop();
}

TEST_F(CommandTest, TellsFailedTestsFromAFailedRig) {
  daemon::FakeDaemon daemon;
  daemon.detach = [](const auto& request) {
    if (request.link() == "one") return grpc::Status::OK;
    if (request.link() == "two") {
      return daemon::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME,
                                 "no link");
    }
    return daemon::DaemonError(grpc::StatusCode::INTERNAL, bpfrig::v1::ERROR_REASON_INTERNAL, "a bug");
  };
  daemon.Start(target_);
  const std::string plan = WritePlan();
  const Outcome all = Run(plan);
  EXPECT_EQ(all.code, kRigFailed);
  EXPECT_EQ(LastLine(all.out), "1 passed, 1 failed, 1 rig error");
  EXPECT_THAT(all.out, HasSubstr("RIG   p / three"));
  EXPECT_EQ(Run(plan, "two").code, kTestsFailed);
  EXPECT_EQ(Run(plan, "one").code, kAllPassed);
  daemon.Stop();
}

TEST_F(CommandTest, WritesReportsOfTheVerdictsThatItShows) {
  daemon::FakeDaemon daemon;
  daemon.detach = [](const auto& request) {
    return request.link() != "two" ? grpc::Status::OK
                                   : daemon::DaemonError(grpc::StatusCode::NOT_FOUND,
                                                         bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no link");
  };
  daemon.Start(target_);
  RunOptions options;
  options.plans.plans = {WritePlan()};
  options.daemon.target = target_;
  const std::string tap = (directory_ / "run.tap").string();
  const std::string junit = (directory_ / "run.xml").string();
  options.reports = {"tap=" + tap, "junit=" + junit};
  ASSERT_EQ(unsetenv("GITHUB_ACTIONS"), 0);
  EXPECT_EQ(Captured([&] { return RunPlans(options); }).code, kTestsFailed);
  EXPECT_THAT(ReadBack(tap),
              testing::ContainsRegex(
                  "1..3\nok 1 - p / one\n  ---\n  duration_ms: [0-9.]+\n  ...\nnot ok 2 - p / two\n"));
  EXPECT_THAT(ReadBack(junit), HasSubstr("<testsuite name=\"p\" tests=\"3\" failures=\"1\" errors=\"0\""));

  options.reports = {"tap=" + (directory_ / "missing" / "run.tap").string()};
  const Outcome unwritten = Captured([&] { return RunPlans(options); });
  EXPECT_EQ(unwritten.code, kRigFailed);
  EXPECT_THAT(unwritten.err, HasSubstr("run.tap: No such file or directory"));
  daemon.Stop();
}

TEST_F(CommandTest, AnnotatesFailedTestsUnderGithubActions) {
  daemon::FakeDaemon daemon;
  daemon.detach = [](const auto&) {
    return daemon::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no link");
  };
  daemon.Start(target_);
  const std::string summary = Write("summary.md", "before\n");
  ASSERT_EQ(setenv("GITHUB_ACTIONS", "true", 1), 0);
  ASSERT_EQ(setenv("GITHUB_STEP_SUMMARY", summary.c_str(), 1), 0);
  const Outcome outcome = Run(WritePlan(), "one");
  for (const char* name : {"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"}) unsetenv(name);
  EXPECT_THAT(outcome.out, HasSubstr("plan.yaml,line=3,col=26,title=p / one::"));
  EXPECT_EQ(LastLine(outcome.out), "0 passed, 1 failed");
  EXPECT_THAT(ReadBack(summary), HasSubstr("before\n### bpfrig: 0 passed, 1 failed\n"));
  daemon.Stop();
}

TEST_F(CommandTest, TakesPlansOfBothEndingsAndNoOtherFile) {
  daemon::FakeDaemon daemon;
  daemon.Start(target_);
  std::filesystem::rename(WritePlan(), directory_ / "plan.yml");
  EXPECT_EQ(LastLine(Run(directory_.string()).out), "3 passed, 0 failed");
  EXPECT_EQ(LastLine(Run((directory_ / "plan.yml").string()).out), "3 passed, 0 failed");
  const Outcome other = Run(Write("plan.txt", "name: p\n"));
  EXPECT_EQ(other.code, kUsageError);
  EXPECT_THAT(other.err, HasSubstr("plan.txt is not a plan: plans are called *.yaml or *.yml"));
  daemon.Stop();
}

TEST_F(CommandTest, AKernelThatIsNotThereIsAMistakeOfTheCommandLineInEveryCommand) {
  const Outcome removed = Captured([] { return RemoveKernels("5.10"); });
  EXPECT_EQ(removed.code, kUsageError);
  EXPECT_EQ(removed.err, "bpfrig: no kernel 5.10 was fetched\n");
  RunOptions options;
  options.plans.plans = {WritePlan()};
  options.kernels = "5.10";
  const Outcome run = Captured([&] { return RunOnKernels(options, {"run", "--kernel", "5.10"}); });
  EXPECT_EQ(run.code, kUsageError);
  EXPECT_THAT(run.err, HasSubstr("kernel 5.10 was not fetched; there are none"));
}

TEST_F(CommandTest, LeavesOutFilesThatPlansInclude) {
  WritePlan();
  const std::string part = Write("part.yaml", "vars: {x: 1}\npieces: {}\n");
  PlanOptions options;
  options.plans = {directory_.string()};
  EXPECT_EQ(Captured([&] { return ListTests(options); }).out, "p / one\np / two\np / three\n");
  options.plans = {part};
  EXPECT_THAT(Captured([&] { return ListTests(options); }).err,
              HasSubstr("part.yaml:1:1: a plan lacks \"name\""));
}

TEST_F(CommandTest, RunsNothingWhenAPlanIsBad) {
  daemon::FakeDaemon daemon;
  daemon.Start(target_);
  WritePlan();
  Write("bad.yaml", "name: bad\ntests: []\n");
  const Outcome outcome = Run(directory_.string());
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr("bad.yaml:2:8: tests is empty"));
  EXPECT_EQ(daemon.opened, 0);
  EXPECT_EQ(Run(WritePlan(), "no such test").code, kUsageError);
  EXPECT_EQ(Run((directory_ / "missing.yaml").string()).code, kUsageError);
  daemon.Stop();
}

TEST_F(CommandTest, RefusesAFeatureThatTheDaemonDoesNotKnow) {
  daemon::FakeDaemon daemon;
  daemon.Start(target_);
  const Outcome outcome = Run(Write(
      "plan.yaml", "name: p\nrequires: [magic]\ntests:\n  - {name: one, steps: [{detach: {link: one}}]}\n"));
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr("plan.yaml:2:12: requires \"magic\""));
  EXPECT_EQ(daemon.opened, 0);
  daemon.Stop();
}

TEST_F(CommandTest, SaysThatNothingAnswers) {
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = Run(WritePlan());
  EXPECT_EQ(outcome.code, kRigFailed);
  EXPECT_EQ(outcome.err, "bpfrig: nothing answers at " + target_ +
                             ": No such file or directory; is bpfrigd running there?\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(6));
  target_ = "nonsense";
  EXPECT_EQ(Run(WritePlan()).code, kUsageError);
}

TEST_F(CommandTest, RefusesADaemonOfAnotherMinorVersion) {
  const std::vector<std::string> ours = absl::StrSplit(BPFRIG_VERSION, '.');
  int minor = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ours[1], &minor));
  const std::string plan = WritePlan();
  daemon::FakeDaemon daemon;
  daemon.Start(target_);
  for (const std::string& version : {absl::StrCat(ours[0], ".", minor + 1, ".3"), std::string("0.0.9")}) {
    daemon.info.set_version(version);
    const Outcome outcome = Run(plan);
    EXPECT_EQ(outcome.code, kRigFailed) << version;
    EXPECT_THAT(outcome.err, HasSubstr(absl::StrCat("this bpfrig is " BPFRIG_VERSION " and the daemon at ",
                                                    target_, " is ", version)));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(daemon.opened, 0);
  daemon.info.set_version(absl::StrCat(ours[0], ".", ours[1], ".12345"));
  EXPECT_EQ(Run(plan).code, kAllPassed);
  daemon.Stop();
}

TEST_F(CommandTest, SaysThatAnotherServerIsNotADaemon) {
  daemon::FakeDaemon daemon;
  daemon.authenticate = [](const auto&) { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""); };
  daemon.Start(target_);
  const Outcome outcome = Run(WritePlan());
  EXPECT_EQ(outcome.code, kRigFailed);
  EXPECT_EQ(outcome.err,
            "bpfrig: what answers at " + target_ +
                " does not know what was asked: it is another gRPC server, or a bpfrigd of another "
                "version than this bpfrig " BPFRIG_VERSION "; check the address and the versions\n");
  daemon.Stop();
}

TEST_F(CommandTest, SendsTheTokenAndSaysThatItIsWrong) {
  daemon::FakeDaemon daemon;
  daemon.authenticate = [](const grpc::ServerContext& context) {
    const auto header = context.client_metadata().find("authorization");
    if (header != context.client_metadata().end() && header->second == "Bearer right")
      return grpc::Status::OK;
    return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the call carries no good token");
  };
  daemon.Start(target_);
  DaemonOptions options;
  options.target = target_;
  const auto info = [&] { return PrintInfo(options); };
  EXPECT_THAT(Captured(info).err,
              HasSubstr(": UNAUTHENTICATED: the call carries no good token; give its token "
                        "with --token-file FILE or BPFRIG_TOKEN\n"));
  options.credentials.token = "wrong";
  const Outcome wrong = Captured(info);
  EXPECT_EQ(wrong.code, kRigFailed);
  EXPECT_THAT(wrong.err, HasSubstr("; check that the token is the one that the daemon was started with\n"));
  options.credentials.token = "right\n";
  EXPECT_EQ(Captured(info).code, kAllPassed);
  options.credentials.token = std::nullopt;
  options.credentials.token_file = Write("token", "right\n");
  EXPECT_EQ(Captured(info).code, kAllPassed);
  daemon.Stop();
}

TEST_F(CommandTest, WantsATargetForTls) {
  DaemonOptions options;
  options.credentials.tls_ca = "ca.crt";
  const Outcome outcome = Captured([&] { return PrintInfo(options); });
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr("give --target HOST:PORT"));
}

TEST_F(CommandTest, ListsAndChecksWithoutADaemon) {
  PlanOptions options;
  options.plans = {WritePlan()};
  const Outcome listed = Captured([&] { return ListTests(options); });
  EXPECT_EQ(listed.code, kAllPassed);
  EXPECT_EQ(listed.out, "p / one\np / two\np / three\n");
  CheckOptions check;
  check.plans.plans = {Write(
      "good.yaml",
      "name: g\ntests:\n  - {name: one, steps: [{socket: {name: s}}, {disconnect: {connection: s}}]}\n")};
  const Outcome good = Captured([&] { return CheckPlans(check); });
  EXPECT_EQ(good.code, kAllPassed);
  EXPECT_EQ(good.out, "1 test in 1 plan: no mistake found\n");
  check.plans.plans = options.plans;
  const Outcome bad = Captured([&] { return CheckPlans(check); });
  EXPECT_EQ(bad.code, kUsageError);
  EXPECT_THAT(bad.err, HasSubstr("plan.yaml:3:41: there is no link \"one\" here\n"));
}

TEST_F(CommandTest, PrintsWhatTheDaemonCanDo) {
  daemon::FakeDaemon daemon;
  daemon.info.set_kernel_release("6.12.1");
  auto* feature = daemon.info.add_features();
  feature->set_name("sockmap_link");
  feature->set_detail("EINVAL");
  feature->set_description("attaches sk_msg by link");
  daemon.Start(target_);
  DaemonOptions options;
  options.target = target_;
  const Outcome outcome = Captured([&] { return PrintInfo(options); });
  EXPECT_EQ(outcome.code, kAllPassed);
  EXPECT_THAT(outcome.out, HasSubstr("kernel     6.12.1"));
  EXPECT_THAT(outcome.out, HasSubstr("  no  sockmap_link  attaches sk_msg by link (EINVAL)\n"));
  daemon.Stop();
}

}  // namespace
}  // namespace bpfrig::client::command
