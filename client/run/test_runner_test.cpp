#include "client/run/test_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

#include "client/run/test_pool.h"
#include "client/testing/runner_fixture.h"

namespace bpfrig::client::run {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using verdict::TestResult;
using verdict::Verdict;

using TestRunnerTest = RunnerFixture;

TEST_F(TestRunnerTest, PassesWhenAllHolds) {
  AddProgram("obj/p", 3);
  daemon_.load = [](const auto& request, auto& response) {
    EXPECT_EQ(request.sandbox(), "sandbox-1");
    EXPECT_EQ(request.object(), "not read by these plans\n");
    EXPECT_EQ(request.attach_size(), 1);
    response.mutable_loaded();
    return grpc::Status::OK;
  };
  const TestResult result =
      Run(ReadTest("      - load: {object: obj, attach: [p]}\n"
                   "      - connect: {to: {address: 10.0.0.1, port: 80}}\n"));
  EXPECT_EQ(result.verdict, Verdict::kPassed) << result.reason;
  EXPECT_THAT(result.failures, IsEmpty());
}

TEST_F(TestRunnerTest, TellsHowLongEachStepTook) {
  AddProgram("obj/p", 3);
  static constexpr std::chrono::milliseconds kWait(20);
  daemon_.connect = [](const auto&, auto&) {
    std::this_thread::sleep_for(kWait);
    return daemon::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no");
  };
  const TestResult result =
      Run(ReadTest("      - detach: {link: x}\n"
                   "      - connect: {to: {address: 10.0.0.1, port: 80}}\n"
                   "      - detach: {link: never}\n"));
  ASSERT_THAT(result.steps, SizeIs(2));  // The last is not done.
  EXPECT_EQ(result.steps[0].what, "step 1, detach");
  EXPECT_EQ(ToString(result.steps[1].mark), "p.yaml:7:9");
  EXPECT_EQ(result.steps[1].what, "step 2, connect");
  EXPECT_GE(result.steps[1].duration, kWait);
  EXPECT_LE(result.steps[0].duration + result.steps[1].duration, result.duration);
}

TEST_F(TestRunnerTest, FailsAtTheExpectationThatDoesNotHold) {
  daemon_.connect = [](const auto&, auto& response) {
    response.set_server("a");
    return grpc::Status::OK;
  };
  const TestResult result =
      Run(ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n"
                   "        expect: {server: b}\n"
                   "      - detach: {link: never}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  ASSERT_THAT(result.failures, SizeIs(1));  // The next step is not done.
  EXPECT_EQ(ToString(result.failures[0].mark), "p.yaml:6:9");
  EXPECT_EQ(ToString(result.failures[0].differences.at(0).mark), "p.yaml:7:26");
}

TEST_F(TestRunnerTest, FailsWhenAnAttachedProgramNeverRan) {
  AddProgram("obj/p", 0);
  const TestResult result = Run(ReadTest("      - detach: {link: x}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_THAT(result.failures.at(0).differences.at(0).actual, HasSubstr("never ran"));
  EXPECT_EQ(Run(ReadTest("      - detach: {link: x}\n", "    may_not_run: [p]\n")).verdict, Verdict::kPassed);
  EXPECT_EQ(Run(ReadTest("      - detach: {link: x}\n", "    may_not_run: [p, q]\n")).verdict,
            Verdict::kFailed);
}

TEST_F(TestRunnerTest, PointsToTheFieldThatTheDaemonComplainsOf) {
  daemon_.seed = [](const auto&) {
    return daemon::DaemonError(grpc::StatusCode::OUT_OF_RANGE, bpfrig::v1::ERROR_REASON_OUT_OF_RANGE,
                               "300 does not fit in port, an unsigned 8-bit integer",
                               "entries[1].value.port");
  };
  const TestResult result =
      Run(ReadTest("      - seed:\n"
                   "          map: m\n"
                   "          entries:\n"
                   "            - {key: 1, value: {port: 1}}\n"
                   "            - {key: 2, value: {port: 300}}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(ToString(result.failures.at(0).mark), "p.yaml:10:38");
  EXPECT_THAT(result.failures.at(0).error, HasSubstr("OUT_OF_RANGE: 300 does not fit"));
}

TEST_F(TestRunnerTest, TakesAnErrorThatIsExpected) {
  daemon_.detach = [](const auto& request) {
    return request.link() == "l" ? grpc::Status::OK
                                 : daemon::DaemonError(grpc::StatusCode::NOT_FOUND,
                                                       bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no link x");
  };
  const char* expects = "        expect: {error: UNKNOWN_NAME}\n";
  EXPECT_EQ(Run(ReadTest(std::string("      - detach: {link: x}\n") + expects)).verdict, Verdict::kPassed);
  EXPECT_EQ(Run(ReadTest(std::string("      - detach: {link: l}\n") + expects)).verdict, Verdict::kFailed);
  EXPECT_EQ(Run(ReadTest("      - detach: {link: x}\n        expect: {error: NO_TYPE}\n")).verdict,
            Verdict::kFailed);
}

TEST_F(TestRunnerTest, TellsOneErrnoOfARefusalFromAnother) {
  std::string errno_name = "EADDRINUSE";
  daemon_.listen = [&](const auto&) {
    return errno_name.empty()
               ? grpc::Status::OK
               : daemon::DaemonError(grpc::StatusCode::FAILED_PRECONDITION,
                                     bpfrig::v1::ERROR_REASON_KERNEL_REFUSED, "binding s", "at", errno_name);
  };
  const plan::Test test = ReadTest(
      "      - listen: {name: s, at: {address: 10.0.0.1, port: 80}}\n"
      "        expect: {errno: EADDRINUSE}\n");
  EXPECT_EQ(Run(test).verdict, Verdict::kPassed);
  errno_name = "EPERM";
  TestResult result = Run(test);
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.failures.at(0).error, "KERNEL_REFUSED: binding s (EPERM)");
  EXPECT_EQ(ToString(result.failures[0].mark), "p.yaml:6:31");
  EXPECT_EQ(result.failures[0].differences.at(0).actual, "EPERM");
  EXPECT_EQ(ToString(result.failures[0].differences[0].mark), "p.yaml:7:25");
  errno_name = "";
  result = Run(test);
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.failures.at(0).differences.at(0).actual, "none: the call succeeded");
}

TEST_F(TestRunnerTest, SkipsWhatTheKernelCannotDo) {
  auto* feature = daemon_.info.add_features();
  feature->set_name("sockmap_link");
  feature->set_detail("EINVAL");
  const plan::Test test = ReadTest("      - detach: {link: x}\n", "    requires: [sockmap_link]\n");
  const TestResult result = Run(test);
  EXPECT_EQ(result.verdict, Verdict::kSkipped);
  EXPECT_EQ(result.reason, "needs sockmap_link: EINVAL");
  EXPECT_EQ(daemon_.opened, 0);
}

TEST_F(TestRunnerTest, ComplainsOfAFeatureThatNobodyKnows) {
  daemon_.info.add_features()->set_name("sockmap_link");
  plan::Problems problems;
  CheckRequirements(ReadTest("      - detach: {link: x}\n", "    requires: [sockmap_lin]\n"),
                    FeaturesOf(daemon_.info), problems);
  ASSERT_EQ(problems.Count(), 1U);
  EXPECT_THAT(ToString(problems.Sorted()[0]), HasSubstr("p.yaml:5:16: requires \"sockmap_lin\""));
  EXPECT_THAT(ToString(problems.Sorted()[0]), HasSubstr("did you mean \"sockmap_link\"?"));
}

TEST_F(TestRunnerTest, BlamesTheRigWhenTheWorkerDies) {
  daemon_.connect = [this](const auto&, auto&) {
    bpfrig::v1::SandboxEnded ended;
    ended.set_reason(bpfrig::v1::SANDBOX_END_REASON_WORKER_DIED);
    ended.set_message("the worker died");
    ended.set_signal_name("SIGSEGV");
    daemon_.EndSandboxes(ended);
    return daemon::DaemonError(grpc::StatusCode::UNAVAILABLE, bpfrig::v1::ERROR_REASON_WORKER_DIED,
                               "worker died");
  };
  const TestResult result = Run(ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n"));
  EXPECT_EQ(result.verdict, Verdict::kRigError);
  EXPECT_THAT(result.reason, HasSubstr("p.yaml:6:9: step 1, connect: WORKER_DIED"));
  EXPECT_THAT(result.reason, HasSubstr("SIGSEGV"));
}

TEST_F(TestRunnerTest, GoesOnAfterADeadlineIfTheDaemonTellsHowTheSandboxEnded) {
  daemon_.connect = [this](const auto&, auto&) {
    bpfrig::v1::SandboxEnded ended;
    ended.set_reason(bpfrig::v1::SANDBOX_END_REASON_WORKER_HUNG);
    ended.set_message("its worker hung in Connect");
    daemon_.EndSandboxes(ended);
    // As gRPC gives up by itself.
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded");
  };
  TestRunner runner(*client_, {}, {});
  const plan::Test test = ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n");
  for (int times = 0; times < 2; ++times) {
    const TestResult result = runner.Run(test);
    EXPECT_EQ(result.verdict, Verdict::kRigError);
    EXPECT_THAT(result.reason, HasSubstr("the sandbox ended: its worker hung in Connect"));
  }
}

TEST_F(TestRunnerTest, BlamesTheRigWhenTheSandboxWasGoneAtTheEnd) {
  daemon_.ledger.set_closed(false);
  EXPECT_EQ(Run(ReadTest("      - detach: {link: x}\n")).verdict, Verdict::kRigError);
}

TEST_F(TestRunnerTest, DoesNotTryTheRestWhenTheDaemonIsGone) {
  daemon_.open = [] { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"); };
  TestRunner runner(*client_, {}, {});
  const plan::Test test = ReadTest("      - detach: {link: x}\n");
  const TestResult first = runner.Run(test);
  EXPECT_EQ(first.verdict, Verdict::kRigError);
  EXPECT_THAT(first.reason, HasSubstr("connection refused"));
  const TestResult second = runner.Run(test);
  EXPECT_EQ(second.verdict, Verdict::kRigError);
  EXPECT_THAT(second.reason, HasSubstr("the daemon is gone"));
}

TEST_F(TestRunnerTest, TriesTheRestWhenOneSandboxTookTooLong) {
  daemon_.open = [] { return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"); };
  TestRunner runner(*client_, {}, {});
  const plan::Test test = ReadTest("      - detach: {link: x}\n");
  EXPECT_EQ(runner.Run(test).verdict, Verdict::kRigError);
  daemon_.open = {};
  const TestResult second = runner.Run(test);
  EXPECT_EQ(second.verdict, Verdict::kPassed) << second.reason;
}

TEST_F(TestRunnerTest, BlamesThePlanForSettingsThatTheDaemonRefuses) {
  daemon_.open = [] {
    return daemon::DaemonError(grpc::StatusCode::INVALID_ARGUMENT, bpfrig::v1::ERROR_REASON_INVALID_FIELD,
                               "a multicast address", "addresses[1]");
  };
  const TestResult result =
      Run(ReadTest("      - detach: {link: x}\n", "    sandbox: {addresses: [10.0.0.1, 224.0.0.1]}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(ToString(result.failures.at(0).mark), "p.yaml:5:37");
}

TEST_F(TestRunnerTest, LeavesAtOnceWhenCancelled) {
  std::promise<void> started;
  std::promise<void> leave;
  const std::shared_future<void> left = leave.get_future().share();
  // By value: the call may still be on its way out when the test's own variables are gone.
  daemon_.connect = [&started, left](const auto&, auto&) {
    started.set_value();
    left.wait();
    return grpc::Status::OK;
  };
  const std::vector<plan::Test> tests = {ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n"),
                                         ReadTest("      - detach: {link: x}\n")};
  TestRunner runner(*client_, {}, {});
  std::vector<Verdict> verdicts(2, Verdict::kPassed);
  std::thread pool([&] {
    RunTests(tests, {0, 1}, {}, runner,
             {[](size_t) {}, [&](size_t index, TestResult result) { verdicts[index] = result.verdict; }});
  });
  started.get_future().wait();
  client_->Cancel();
  pool.join();
  leave.set_value();
  EXPECT_THAT(verdicts, testing::Each(Verdict::kNotRun));
}

TEST_F(TestRunnerTest, RunsTestsSideBySide) {
  // Two tests that wait for each other can only pass together.
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  daemon_.connect = [&](const auto&, auto&) {
    std::unique_lock<std::mutex> lock(mutex);
    ++waiting;
    changed.notify_all();
    const bool both = changed.wait_for(lock, std::chrono::seconds(5), [&] { return waiting == 2; });
    return both ? grpc::Status::OK : grpc::Status(grpc::StatusCode::INTERNAL, "alone");
  };
  const plan::Test test = ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n");
  TestRunner runner(*client_, {}, {});
  std::atomic<int> passed{0};
  RunTests({test, test}, {1, 0}, {2}, runner,
           {[](size_t) {},
            [&](size_t, TestResult result) { passed += result.verdict == Verdict::kPassed ? 1 : 0; }});
  EXPECT_EQ(passed, 2);
}

}  // namespace
}  // namespace bpfrig::client::run
