// What plans may say beside a step's call and around a test's steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "client/run/test_pool.h"
#include "client/run/test_runner.h"
#include "client/testing/runner_fixture.h"

namespace bpfrig::client::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using verdict::TestResult;
using verdict::Verdict;

class LanguageTest : public RunnerFixture {
 protected:
  void SetUp() override {
    RunnerFixture::SetUp();
    daemon_.detach = [this](const auto& request) {
      detached_.push_back(request.link());
      return request.link() == "missing" ? daemon::DaemonError(grpc::StatusCode::NOT_FOUND,
                                                               bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no")
                                         : grpc::Status::OK;
    };
  }
  std::vector<std::string> detached_;
};

constexpr const char* kAround = "setup:\n  - detach: {link: before}\nteardown:\n  - detach: {link: after}\n";

TEST_F(LanguageTest, SetsUpAndTakesDown) {
  EXPECT_EQ(Run(ReadTest("      - detach: {link: own}\n", "", kAround)).verdict, Verdict::kPassed);
  EXPECT_THAT(detached_, ElementsAre("before", "own", "after"));
}

TEST_F(LanguageTest, TakesDownAlsoAfterAFailure) {
  const TestResult result =
      Run(ReadTest("      - detach: {link: missing}\n      - detach: {link: never}\n", "", kAround));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_THAT(detached_, ElementsAre("before", "missing", "after"));
  EXPECT_EQ(result.failures.at(0).what, "step 1, detach");
}

TEST_F(LanguageTest, FailsIfOnlyTheTeardownDoes) {
  const TestResult result = Run(ReadTest("      - detach: {link: own}\n", "",
                                         "teardown: [{detach: {link: missing}}, {detach: {link: last}}]\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.failures.at(0).what, "teardown step 1, detach");
  EXPECT_THAT(detached_, ElementsAre("own", "missing", "last"));
}

TEST_F(LanguageTest, CapturesFromAnAnswer) {
  uint32_t port = 0;
  daemon_.connect = [&](const auto& request, auto& response) {
    port = request.to().port();
    response.mutable_local()->set_address("10.0.0.2");
    response.mutable_local()->set_port(40001);
    response.mutable_peer()->set_port(port);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run(ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n"
                         "        capture: {port: local.port, address: local.address}\n"
                         "      - connect: {to: {address: \"${address}\", port: \"${port}\"}}\n"
                         "        expect: {peer: {port: \"${port}\"}, local: {address: \"${address}\"}}\n"
                         "      - detach: {link: \"l${port}\"}\n"))
                .verdict,
            Verdict::kPassed);
  EXPECT_EQ(port, 40001U);
  EXPECT_THAT(detached_, ElementsAre("l40001"));
}

TEST_F(LanguageTest, CapturesFromDumpsAndEvents) {
  daemon_.dump = [](const auto&, auto& messages) {
    messages.emplace_back();
    auto* fields = messages[0].add_entries()->mutable_value()->mutable_fields();
    auto* hits = fields->add_fields();
    hits->set_name("hits");
    hits->mutable_value()->set_unsigned_integer(7);
  };
  daemon_.events = [](const auto&, auto& messages) {
    messages.emplace_back();
    messages[0].add_events()->mutable_value()->set_text("eth0");
  };
  const char* steps =
      "      - dump: {map: m}\n        capture: {hits: \"entries[0].value.hits\"}\n"
      "      - events: {map: r}\n        capture: {name: \"events[0].value\"}\n"
      "      - detach: {link: \"${name}-${hits}\"}\n";
  EXPECT_EQ(Run(ReadTest(steps)).verdict, Verdict::kPassed);
  EXPECT_THAT(detached_, ElementsAre("eth0-7"));
}

// {name: number}.
bpfrig::v1::Value OneMember(const std::string& name, uint64_t number) {
  bpfrig::v1::Value value;
  auto* field = value.mutable_fields()->add_fields();
  field->set_name(name);
  field->mutable_value()->set_unsigned_integer(number);
  return value;
}

TEST_F(LanguageTest, CapturesFromGlobalsOptionsAndContexts) {
  daemon_.globals = [](const auto& request, auto& answer) {
    for (const std::string& name : request.names()) {
      answer.add_globals()->set_name(name);
      *answer.mutable_globals()->rbegin()->mutable_value() = OneMember("hits", 7);
    }
  };
  daemon_.socket_option = [](const auto&, auto& answer) {
    answer.set_value(1);
    *answer.mutable_decoded() = OneMember("tcpi_state", 10);
  };
  daemon_.run = [](const auto&, auto& answer) {
    answer.set_context("bytes");
    *answer.mutable_context_fields() = OneMember("mark", 9);
  };
  const char* steps =
      "      - globals: [\"obj/counters\", limit]\n"
      "        capture: {hits: obj/counters.hits}\n"
      "      - getsockopt: {socket: s, level: IPPROTO_TCP, option: TCP_INFO, type: vmlinux/tcp_info}\n"
      "        capture: {state: value.tcpi_state}\n"
      "      - run: {program: p, data: !hex 00}\n"
      "        capture: {mark: context.mark, verdict: return}\n"
      "      - detach: {link: \"l${hits}-${state}-${mark}-${verdict}\"}\n";
  EXPECT_EQ(Run(ReadTest(steps)).verdict, Verdict::kPassed);
  EXPECT_THAT(detached_, ElementsAre("l7-10-9-0"));
}

TEST_F(LanguageTest, SaysWhatTheAnswerHasInstead) {
  daemon_.dump = [](const auto&, auto& messages) {
    messages.emplace_back();
    messages[0].add_entries()->mutable_value()->set_unsigned_integer(7);
  };
  const TestResult result =
      Run(ReadTest("      - dump: {map: m}\n        capture: {x: \"entries[3].value\"}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.failures.at(0).differences.at(0).expected, "entries[3].value in the answer");
  EXPECT_EQ(result.failures[0].differences[0].actual, "it is not there; there is: a list of 1");
}

TEST_F(LanguageTest, ReadsAStepAgainWithWhatWasCaptured) {
  daemon_.connect = [](const auto&, auto& response) {
    response.set_server("web");
    return grpc::Status::OK;
  };
  const TestResult result =
      Run(ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n        capture: {s: server}\n"
                   "      - connect: {to: {address: 10.0.0.1, port: \"${s}\"}}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(ToString(result.failures.at(0).mark), "p.yaml:8:49");
  EXPECT_THAT(result.failures[0].error, HasSubstr("port must be a number"));
}

TEST_F(LanguageTest, TriesAnyStepAgainWithinItsTime) {
  int calls = 0;
  daemon_.listen = [&](const auto&) {
    return ++calls > 2 ? grpc::Status::OK
                       : daemon::DaemonError(grpc::StatusCode::FAILED_PRECONDITION,
                                             bpfrig::v1::ERROR_REASON_KERNEL_REFUSED, "binding s", "at",
                                             "EADDRINUSE");
  };
  const std::string listen =
      "      - listen: {name: s, at: {address: 10.0.0.1, port: 80}}\n        expect: {errno: none}\n";
  EXPECT_EQ(Run(ReadTest(listen)).verdict, Verdict::kFailed);
  calls = 0;
  EXPECT_EQ(Run(ReadTest(listen + "        within: 60s\n")).verdict, Verdict::kPassed);
  EXPECT_EQ(calls, 3);
}

TEST_F(LanguageTest, ReportsTheLastOfWhatCame) {
  int calls = 0;
  daemon_.connect = [&](const auto&, auto& response) {
    response.set_server(++calls == 1 ? "first" : "later");
    return grpc::Status::OK;
  };
  const std::string dial = "expect: {server: right}\n        within: 20ms\n";
  TestResult result = Run(ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n        " + dial));
  ASSERT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_GT(calls, 1);
  EXPECT_THAT(result.failures.at(0).differences.at(0).actual, HasSubstr("later"));
  EXPECT_EQ(result.failures[0].note, "this is the last of what came within 20 ms");
  // A connection that is kept is made once.
  calls = 0;
  result = Run(ReadTest("      - connect: {name: c, to: {address: 10.0.0.1, port: 80}}\n        " + dial));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(result.failures.at(0).note, "");
}

TEST_F(LanguageTest, EndsAStepAndATestThatTakeTooLong) {
  const std::string receive = "      - receive: {connection: c, at_least: 1, timeout: 60s}\n";
  daemon_.receive_waits = true;
  const TestResult step = Run(ReadTest(receive + "        timeout: 50ms\n", "", kAround));
  EXPECT_EQ(step.verdict, Verdict::kFailed);
  EXPECT_EQ(step.failures.at(0).error, "the step's timeout of 50 ms was over");
  EXPECT_THAT(detached_, ElementsAre("before", "after"));
  const TestResult test = Run(ReadTest(receive, "    timeout: 60ms\n"));
  EXPECT_EQ(test.failures.at(0).error, "the test's timeout of 60 ms was over");
  const TestResult given = Run(ReadTest(receive), {std::chrono::milliseconds(70), {}});
  EXPECT_EQ(given.failures.at(0).error, "the test's timeout of 70 ms was over");
}

class PoolTest : public LanguageTest {
 protected:
  std::vector<TestResult> RunPool(const std::vector<plan::Test>& tests, const PoolOptions& options) {
    std::vector<size_t> order(tests.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::vector<TestResult> results(tests.size());
    TestRunner runner(*client_, {}, {});
    RunTests(tests, order, options, runner,
             {[](size_t) {}, [&](size_t index, TestResult result) { results[index] = std::move(result); }});
    return results;
  }
};

TEST_F(PoolTest, ShowsATestThatPassesLaterAsFlaky) {
  int calls = 0;
  daemon_.detach = [&](const auto&) {
    return ++calls < 3 ? daemon::DaemonError(grpc::StatusCode::NOT_FOUND,
                                             bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no link")
                       : grpc::Status::OK;
  };
  const plan::Test test = ReadTest("      - detach: {link: x}\n");
  const TestResult flaky = RunPool({test}, {1, 2}).at(0);
  EXPECT_EQ(flaky.verdict, Verdict::kPassed);
  EXPECT_TRUE(flaky.IsFlaky());
  EXPECT_EQ(flaky.tries, 3U);
  EXPECT_THAT(flaky.failures, SizeIs(1));  // What went wrong before.
  calls = -10;
  const TestResult bad = RunPool({test}, {1, 2}).at(0);
  EXPECT_EQ(bad.verdict, Verdict::kFailed);
  EXPECT_EQ(bad.tries, 3U);
}

TEST_F(PoolTest, StartsNoTestAfterAFailure) {
  const plan::Test good = ReadTest("      - detach: {link: x}\n");
  const plan::Test bad = ReadTest("      - detach: {link: missing}\n");
  const std::vector<TestResult> results = RunPool({good, bad, good}, {1, 0, true});
  EXPECT_EQ(results[0].verdict, Verdict::kPassed);
  EXPECT_EQ(results[1].verdict, Verdict::kFailed);
  EXPECT_EQ(results[2].verdict, Verdict::kNotRun);
  EXPECT_EQ(results[2].name, "t");
}

}  // namespace
}  // namespace bpfrig::client::run
