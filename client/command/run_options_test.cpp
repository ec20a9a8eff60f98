// What `bpfrig run` does about its options, with a fake daemon at the other end of a unix socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/testing/command_fixture.h"
#include "client/testing/fake_daemon.h"

namespace bpfrig::client::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RunOptionsTest : public CommandFixture {
 protected:
  void SetUp() override {
    daemon_.detach = [this](const auto& request) {
      detached_.push_back(request.link());
      return bad_.count(request.link()) == 0
                 ? grpc::Status::OK
                 : daemon::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME,
                                       "no");
    };
    daemon_.Start(target_);
    plan_ = Write("plan.yaml",
                  "name: p\nvars: {link: three}\ntags: [all]\ntests:\n"
                  "  - {name: one, tags: [fast], steps: [{detach: {link: one}}]}\n"
                  "  - {name: two, tags: [slow], steps: [{detach: {link: two}}]}\n"
                  "  - {name: three, steps: [{detach: {link: \"${link}\"}}]}\n");
  }
  void TearDown() override { daemon_.Stop(); }

  Outcome Run(const std::function<void(RunOptions&)>& set) {
    RunOptions options;
    options.plans.plans = {plan_};
    options.daemon.target = target_;
    options.jobs = 1;
    set(options);
    detached_.clear();
    return Captured([&] { return RunPlans(options); });
  }

  daemon::FakeDaemon daemon_;
  std::string plan_;
  std::set<std::string> bad_;
  std::vector<std::string> detached_;
};

TEST_F(RunOptionsTest, TakesTestsByExpressionAndTag) {
  EXPECT_EQ(Run([](RunOptions& options) { options.plans.expression = "all and not slow"; }).code, kAllPassed);
  EXPECT_THAT(detached_, ElementsAre("one", "three"));
  Run([](RunOptions& options) { options.plans.tags = {"fast", "slow"}; });
  EXPECT_THAT(detached_, ElementsAre("one", "two"));
  const Outcome none = Run([](RunOptions& options) {
    options.plans.tags = {"fast"};
    options.plans.expression = "two";
  });
  EXPECT_EQ(none.code, kUsageError);
  EXPECT_EQ(none.err, "bpfrig: no test of 1 plan is one that -k \"two\" takes and has the tag fast\n");
}

TEST_F(RunOptionsTest, SetsVariables) {
  Run([](RunOptions& options) {
    options.plans.variables.command_line = {{"link", "l"}};
    options.plans.test_filter = "three";
  });
  EXPECT_THAT(detached_, ElementsAre("l"));
  const Outcome mistyped = Run([](RunOptions& options) {
    options.plans.variables.command_line = {{"lnik", "l"}};
  });
  EXPECT_EQ(mistyped.code, kUsageError);
  EXPECT_EQ(mistyped.err, "bpfrig: --var lnik: no plan has it in its vars (did you mean \"link\"?)\n");
}

TEST_F(RunOptionsTest, RunsWhatFailedLast) {
  bad_ = {"two"};
  EXPECT_EQ(Run([](RunOptions&) {}).code, kTestsFailed);
  Run([](RunOptions& options) { options.last_failed = true; });
  EXPECT_THAT(detached_, ElementsAre("two"));
  bad_.clear();
  Run([](RunOptions& options) { options.last_failed = true; });
  EXPECT_THAT(detached_, ElementsAre("two"));
  const Outcome none_left = Run([](RunOptions& options) { options.last_failed = true; });
  EXPECT_THAT(detached_, ElementsAre("one", "two", "three"));
  EXPECT_THAT(none_left.out, HasSubstr("none of these tests failed when it ran last: all are run\n"));
}

TEST_F(RunOptionsTest, RunsWhatFailedInOneOfSeveralTimes) {
  bad_ = {"two"};
  const Outcome outcome = Run([](RunOptions& options) { options.count = 2; });
  EXPECT_THAT(outcome.out, HasSubstr("FAIL  p / two [2 of 2]  "));
  Run([](RunOptions& options) { options.last_failed = true; });
  EXPECT_THAT(detached_, ElementsAre("two"));
  Run([](RunOptions& options) {
    options.last_failed = true;
    options.count = 3;
  });
  EXPECT_THAT(detached_, ElementsAre("two", "two", "two"));
}

TEST_F(RunOptionsTest, EndsAfterTheFirstFailure) {
  bad_ = {"two"};
  const Outcome outcome = Run([](RunOptions& options) { options.fail_fast = true; });
  EXPECT_EQ(outcome.code, kTestsFailed);
  EXPECT_THAT(detached_, ElementsAre("one", "two"));
  EXPECT_THAT(outcome.out, HasSubstr("1 passed, 1 failed, 1 not run\n"));
}

TEST_F(RunOptionsTest, ShufflesTheSameWayWithTheSameSeed) {
  const Outcome first = Run([](RunOptions& options) {
    options.shuffle = 7;
    options.count = 5;
  });
  const std::vector<std::string> order = detached_;
  EXPECT_THAT(first.out, HasSubstr("shuffled with --shuffle=7\n"));
  EXPECT_THAT(first.out, HasSubstr("PASS  p / two [3 of 5]  "));
  EXPECT_THAT(first.out, HasSubstr("15 passed, 0 failed\n"));
  Run([](RunOptions& options) {
    options.shuffle = 7;
    options.count = 5;
  });
  EXPECT_EQ(detached_, order);
  Run([](RunOptions& options) { options.count = 5; });
  EXPECT_NE(detached_, order);
  EXPECT_THAT(Run([](RunOptions& options) { options.shuffle = 0; }).out, Not(HasSubstr("--shuffle=0\n")));
}

TEST_F(RunOptionsTest, IsNotContentIfEverythingWasSkipped) {
  plan_ = Write("skipped.yaml",
                "name: s\nrequires: [magic]\ntests: [{name: t, steps: [{detach: {link: one}}]}]\n");
  auto* feature = daemon_.info.add_features();
  feature->set_name("magic");
  feature->set_detail("EINVAL");
  const Outcome skipped = Run([](RunOptions&) {});
  EXPECT_EQ(skipped.code, kAllSkipped);
  EXPECT_THAT(skipped.err, HasSubstr("--allow-all-skipped"));
  EXPECT_EQ(Run([](RunOptions& options) { options.allow_all_skipped = true; }).code, kAllPassed);
}

TEST_F(RunOptionsTest, ControlsAgainWhenThePlanHasChanged) {
  Write("some.bpf.o", "not read here\n");
  const auto write = [&](const std::string& steps) {
    plan_ = Write("controlled.yaml",
                  "name: c\nobjects: {obj: some.bpf.o}\ntests:\n  - name: t\n    steps: [" + steps +
                      ", {connect: {to: {address: 10.0.0.1, port: 80}}, expect: {server: w}}]\n");
  };
  auto* program = daemon_.ledger.add_programs();
  program->set_program("obj/p");
  program->set_attached(true);
  bool is_inert = false;
  int loads = 0;
  daemon_.load = [&](const auto& request, auto&) {
    is_inert = request.inert_programs_size() > 0;
    ++loads;
    return grpc::Status::OK;
  };
  daemon_.connect = [&](const auto&, auto& response) {
    response.set_server(is_inert ? "" : "w");
    return grpc::Status::OK;
  };
  const auto loads_of = [&](ControlMode mode) {
    loads = 0;
    EXPECT_EQ(Run([&](RunOptions& options) { options.control = mode; }).code, kAllPassed);
    return loads;
  };
  write("{load: {object: obj, attach: [p]}}");
  EXPECT_EQ(loads_of(ControlMode::kNever), 1);
  EXPECT_EQ(loads_of(ControlMode::kNew), 2);
  EXPECT_EQ(loads_of(ControlMode::kNew), 1);
  EXPECT_EQ(loads_of(ControlMode::kAlways), 2);
  write("{load: {object: obj, attach: [p]}}, {detach: {link: x}}");
  EXPECT_EQ(loads_of(ControlMode::kNew), 2);
  Write("some.bpf.o", "compiled again\n");
  EXPECT_EQ(loads_of(ControlMode::kNew), 2);
  EXPECT_EQ(loads_of(ControlMode::kNew), 1);
  // Without a folder that can be written, nothing is remembered.
  ASSERT_EQ(setenv("XDG_CACHE_HOME", "/proc/nowhere", 1), 0);
  EXPECT_EQ(loads_of(ControlMode::kNew), 2);
  EXPECT_EQ(loads_of(ControlMode::kNew), 2);
}

}  // namespace
}  // namespace bpfrig::client::command
