// The commands' output and exit codes, with a fake daemon at the other end of a unix socket.
#include "client/command/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "client/command/exit_code.h"
#include "client/run/fake_daemon.h"

namespace bpfrig::client::command {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    std::string pattern = (fs::temp_directory_path() / "bpfrig-test-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    target_ = "unix:" + (directory_ / "socket").string();
  }
  ~CommandTest() override {
    std::error_code error;
    fs::remove_all(directory_, error);
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  // Three tests: `one`, `two` and `three`, which detach a link of their name.
  std::string WritePlan() {
    return Write("plan.yaml",
                 "name: p\ntests:\n"
                 "  - {name: one, steps: [{detach: {link: one}}]}\n"
                 "  - {name: two, steps: [{detach: {link: two}}]}\n"
                 "  - {name: three, steps: [{detach: {link: three}}]}\n");
  }

  struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
  };
  Outcome Run(const std::string& plan, const std::string& filter = "") {
    RunOptions options;
    options.plans.plans = {plan};
    options.plans.test_filter = filter;
    options.daemon.target = target_;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.code = RunPlans(options);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
  }

  fs::path directory_;
  std::string target_;
};

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  const size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

TEST_F(CommandTest, RunsAllAndCounts) {
  run::FakeDaemon daemon;
  daemon.Start(target_);
  const Outcome outcome = Run(WritePlan());
  EXPECT_EQ(outcome.code, kAllPassed) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("PASS  p / one  "));
  EXPECT_LT(outcome.out.find("p / two"), outcome.out.find("p / three"));
  EXPECT_EQ(LastLine(outcome.out), "3 passed, 0 failed");
  EXPECT_THAT(Run(WritePlan(), "p / two").out, testing::Not(HasSubstr("three")));
  daemon.Stop();
}

TEST_F(CommandTest, TellsFailedTestsFromAFailedRig) {
  run::FakeDaemon daemon;
  daemon.detach = [](const auto& request) {
    if (request.link() == "one") return grpc::Status::OK;
    if (request.link() == "two") {
      return run::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no link");
    }
    return run::DaemonError(grpc::StatusCode::INTERNAL, bpfrig::v1::ERROR_REASON_INTERNAL, "a bug");
  };
  daemon.Start(target_);
  const std::string plan = WritePlan();
  const Outcome all = Run(plan);
  EXPECT_EQ(all.code, kRigFailed);
  EXPECT_EQ(LastLine(all.out), "1 passed, 1 failed, 1 rig errors");
  EXPECT_THAT(all.out, HasSubstr("RIG   p / three"));
  EXPECT_EQ(Run(plan, "two").code, kTestsFailed);
  EXPECT_EQ(Run(plan, "one").code, kAllPassed);
  daemon.Stop();
}

TEST_F(CommandTest, RunsNothingWhereAPlanIsBad) {
  run::FakeDaemon daemon;
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
  run::FakeDaemon daemon;
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

TEST_F(CommandTest, ListsAndChecksWithoutADaemon) {
  PlanOptions options;
  options.plans = {WritePlan()};
  testing::internal::CaptureStdout();
  EXPECT_EQ(ListTests(options), kAllPassed);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "p / one\np / two\np / three\n");
  testing::internal::CaptureStdout();
  EXPECT_EQ(CheckPlans(options), kAllPassed);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "3 tests in 1 plans: no mistake found\n");
}

TEST_F(CommandTest, PrintsWhatTheDaemonCanDo) {
  run::FakeDaemon daemon;
  daemon.info.set_kernel_release("6.12.1");
  auto* feature = daemon.info.add_features();
  feature->set_name("sockmap_link");
  feature->set_detail("EINVAL");
  feature->set_description("attaches sk_msg by link");
  daemon.Start(target_);
  DaemonOptions options;
  options.target = target_;
  testing::internal::CaptureStdout();
  EXPECT_EQ(PrintInfo(options), kAllPassed);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_THAT(out, HasSubstr("kernel     6.12.1"));
  EXPECT_THAT(out, HasSubstr("  no  sockmap_link  attaches sk_msg by link (EINVAL)\n"));
  daemon.Stop();
}

}  // namespace
}  // namespace bpfrig::client::command
