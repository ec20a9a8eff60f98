// What TestRunner has the steps of a test do, one by one: repetition, waiting, and what is shown of a step.
#include "client/run/step_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client/testing/runner_fixture.h"

namespace bpfrig::client::run {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using verdict::TestResult;
using verdict::Verdict;

using StepRunnerTest = RunnerFixture;

TEST_F(StepRunnerTest, RepeatsADumpUntilItHolds) {
  int dumps = 0;
  daemon_.dump = [&](const auto&, auto& messages) {
    bpfrig::v1::DumpMapResponse response;
    if (++dumps >= 3) response.add_entries()->set_raw_key("k");
    messages.push_back(response);
  };
  const plan::Test test =
      ReadTest("      - dump: {map: m}\n        expect: {count: 1}\n        within: 5s\n");
  EXPECT_EQ(Run(test).verdict, Verdict::kPassed);
  EXPECT_EQ(dumps, 3);
  dumps = -1000;
  EXPECT_EQ(
      Run(ReadTest("      - dump: {map: m}\n        expect: {count: 1}\n        within: 50ms\n")).verdict,
      Verdict::kFailed);
  EXPECT_GT(dumps, -999);  // More than once.
}

TEST_F(StepRunnerTest, LeavesOutKeysThatAreAbsent) {
  daemon_.dump = [&](const auto& request, auto& messages) {
    bpfrig::v1::DumpMapResponse response;
    EXPECT_EQ(request.keys_size(), 2);
    response.add_entries()->set_raw_key("k");
    response.add_entries()->set_absent(true);
    messages.push_back(response);
  };
  EXPECT_EQ(Run(ReadTest("      - dump: {map: m, keys: [1, 2]}\n        expect: {count: 1}\n")).verdict,
            Verdict::kPassed);
}

TEST_F(StepRunnerTest, DistrustsADaemonThatLosesPatterns) {
  daemon_.dump = [](const auto&, auto& messages) { messages.emplace_back(); };
  EXPECT_EQ(Run(ReadTest("      - dump: {map: m}\n        expect: {absent: [{key: 1}]}\n")).verdict,
            Verdict::kRigError);
}

TEST_F(StepRunnerTest, JoinsWhatArrivesInPieces) {
  int calls = 0;
  daemon_.receive = [&](const auto& request, auto& response) {
    const char* pieces[] = {"he", "llo"};
    EXPECT_EQ(request.until().at_least(), calls == 0 ? 5U : 3U);
    response.set_data(pieces[calls++ % 2]);
    response.set_timed_out(true);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run(ReadTest("      - receive: {connection: c}\n        expect: {data: !text hello}\n"
                         "        within: 5s\n"))
                .verdict,
            Verdict::kPassed);
  EXPECT_EQ(calls, 2);
}

TEST_F(StepRunnerTest, TakesOneDatagramAtATime) {
  int calls = 0;
  daemon_.receive = [&](const auto& request, auto& response) {
    const char* datagrams[] = {"one", "two", "three"};
    EXPECT_EQ(request.until().at_least(), 3U);
    response.set_data(datagrams[calls++]);
    response.mutable_from()->set_port(53);
    return grpc::Status::OK;
  };
  const std::string step = "      - receive: {connection: c}\n        expect: {data: !text two}\n";
  const TestResult first = Run(ReadTest(step));
  EXPECT_EQ(first.verdict, Verdict::kFailed);
  EXPECT_EQ(first.failures.at(0).differences.at(0).field, "data");
  EXPECT_EQ(calls, 1);
  calls = 0;
  EXPECT_EQ(Run(ReadTest(step + "        within: 60s\n")).verdict, Verdict::kPassed);
  EXPECT_EQ(calls, 2);
}

TEST_F(StepRunnerTest, ShowsTheLastDatagramOfThoseThatDidNotFit) {
  int calls = 0;
  daemon_.receive = [&](const auto&, auto& response) {
    if (++calls > 2) {
      // As a daemon that has waited.
      response.set_timed_out(true);
      return grpc::Status::OK;
    }
    response.set_data(calls == 1 ? "one" : "another");
    response.mutable_from()->set_port(53);
    return grpc::Status::OK;
  };
  const TestResult result =
      Run(ReadTest("      - receive: {connection: c}\n        expect: {data: !text two, from: {port: 53}}\n"
                   "        within: 50ms\n"));
  ASSERT_EQ(result.verdict, Verdict::kFailed);
  ASSERT_THAT(result.failures.at(0).differences, SizeIs(1));
  EXPECT_EQ(result.failures[0].differences[0].field, "data (the last of 2 datagrams)");
  EXPECT_EQ(result.failures[0].differences[0].actual, "7 bytes: \"another\"");
  EXPECT_GT(calls, 2);
}

TEST_F(StepRunnerTest, WaitsForARecordThatComesAfterOthers) {
  int reads = 0;
  daemon_.events = [&](const auto& request, auto& messages) {
    bpfrig::v1::ReadEventsResponse response;
    auto* pattern = response.add_patterns();
    pattern->set_bytes("x");
    pattern->set_mask("\xff");
    EXPECT_EQ(request.at_least(), 1U);
    response.add_events()->set_raw(++reads == 1 ? "other" : "x");
    messages.push_back(response);
  };
  EXPECT_EQ(Run(ReadTest("      - events: {map: r}\n        expect: {contains: [!text x]}\n")).verdict,
            Verdict::kPassed);
  EXPECT_EQ(reads, 2);
}

TEST_F(StepRunnerTest, CollectsServersOverAllRepetitions) {
  int dials = 0;
  daemon_.connect = [&](const auto&, auto& response) {
    response.set_server(++dials % 2 == 0 ? "a" : "b");
    return grpc::Status::OK;
  };
  const std::string step = "      - connect: {to: {address: 10.0.0.1, port: 80}}\n        repeat: 6\n";
  EXPECT_EQ(Run(ReadTest(step + "        expect: {servers: [a, b]}\n")).verdict, Verdict::kPassed);
  EXPECT_EQ(dials, 6);
  EXPECT_EQ(Run(ReadTest(step + "        expect: {servers: [a, b, c]}\n")).verdict, Verdict::kFailed);
}

TEST_F(StepRunnerTest, CountsSharesOverAllRepetitions) {
  int dials = 0;
  daemon_.connect = [&](const auto&, auto& response) {
    if (++dials % 4 == 0) {
      response.set_errno_name("EPERM");
    } else {
      response.set_server("a");
      response.mutable_peer()->set_port(8080);
    }
    return grpc::Status::OK;
  };
  const std::string step = "      - connect: {to: {address: 10.0.0.1, port: 80}}\n        repeat: 8\n";
  const std::string shares = "shares: {errno: {none: 75%, EPERM: 25%}, server: {a: 6, none: 2}}";
  EXPECT_EQ(Run(ReadTest(step + "        expect: {peer: {port: 8080}, " + shares + "}\n")).verdict,
            Verdict::kPassed);
  EXPECT_EQ(dials, 8);
  // What each run must be like is judged at once; a failure is expected only of an errno that has shares.
  EXPECT_EQ(Run(ReadTest(step + "        expect: {peer: {port: 80}, " + shares + "}\n")).verdict,
            Verdict::kFailed);
  EXPECT_EQ(dials, 9);
  dials = 0;
  const TestResult result = Run(ReadTest(step + "        expect: {shares: {server: {a: 6, none: 2}}}\n"));
  EXPECT_EQ(result.failures.at(0).differences.at(0).field, "errno (time 4 of 8)");
}

TEST_F(StepRunnerTest, CutsSeedsIntoMessages) {
  std::vector<int> sizes;
  daemon_.seed = [&](const auto& messages) {
    for (const auto& message : messages) sizes.push_back(message.entries_size());
    EXPECT_EQ(messages[0].map(), "m");
    EXPECT_EQ(messages[1].map(), "");
    EXPECT_EQ(messages[1].sandbox(), "");
    return grpc::Status::OK;
  };
  std::string entries;
  for (int i = 0; i < 5000; ++i) entries += "{key: " + std::to_string(i) + ", value: 1}, ";
  EXPECT_EQ(Run(ReadTest("      - seed: {map: m, entries: [" + entries + "]}\n")).verdict, Verdict::kPassed);
  EXPECT_THAT(sizes, testing::ElementsAre(4096, 904));
}

// Counts that go up by one with every step's call, or as `runs` says.
class RunsTest : public StepRunnerTest {
 protected:
  void SetUp() override {
    StepRunnerTest::SetUp();
    daemon_.connect = [this](const auto&, auto& response) {
      ++total_;
      response.set_server("s");
      return grpc::Status::OK;
    };
    daemon_.count_runs = [this](auto& response) {
      ++counted_;
      auto* program = response.add_programs();
      program->set_program("o/connect4");
      program->set_total(total_);
      program->set_since_last_call(1);
    };
  }

  TestResult RunConnect(const std::string& beside) {
    return Run(ReadTest("      - connect: {to: {address: 10.0.0.1, port: 80}}\n" + beside));
  }

  uint64_t total_ = 5;
  int counted_ = 0;
};

TEST_F(RunsTest, CountsAroundAStepThatExpectsIt) {
  EXPECT_EQ(RunConnect("        repeat: 3\n        runs: {connect4: 3}\n").verdict, Verdict::kPassed);
  EXPECT_EQ(counted_, 2);
  const TestResult result = RunConnect("        runs: {o/connect4: 2}\n");
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  ASSERT_THAT(result.failures.at(0).differences, SizeIs(1));
  EXPECT_EQ(result.failures[0].differences[0].actual, "1");
  EXPECT_EQ(ToString(result.failures[0].differences[0].mark), "p.yaml:7:28");
  EXPECT_EQ(result.failures[0].note, "");
}

TEST_F(RunsTest, ComparesThemAlsoBesideOtherDifferences) {
  const TestResult result = RunConnect("        expect: {server: t}\n        runs: {connect4: 2}\n");
  EXPECT_THAT(result.failures.at(0).differences, SizeIs(2));
}

TEST_F(RunsTest, ComparesThemBesideAnExpectedError) {
  daemon_.listen = [this](const auto&) {
    ++total_;
    return daemon::DaemonError(grpc::StatusCode::FAILED_PRECONDITION, bpfrig::v1::ERROR_REASON_KERNEL_REFUSED,
                               "binding s", "at", "EPERM");
  };
  const std::string step =
      "      - listen: {name: s, at: {address: 10.0.0.1, port: 80}}\n        expect: {errno: EPERM}\n";
  EXPECT_EQ(Run(ReadTest(step + "        runs: {connect4: 1}\n")).verdict, Verdict::kPassed);
  const TestResult result = Run(ReadTest(step + "        runs: {connect4: 0}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.failures.at(0).error, "");  // The error is what was expected.
}

TEST_F(RunsTest, AsksForNothingWhileAllHolds) {
  EXPECT_EQ(RunConnect("        expect: {server: s}\n").verdict, Verdict::kPassed);
  EXPECT_EQ(counted_, 0);
}

TEST_F(RunsTest, ShowsUnderAFailedStepWhatRan) {
  EXPECT_EQ(RunConnect("        expect: {server: t}\n").failures.at(0).note,
            "programs that ran in this step: o/connect4 (1)");
  // An error of the call, too.
  daemon_.connect = [](const auto&, auto&) {
    return daemon::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME, "no");
  };
  EXPECT_EQ(RunConnect("").failures.at(0).note, "programs that ran in this step: o/connect4 (1)");
  EXPECT_EQ(counted_, 2);
}

TEST_F(RunsTest, ShowsNothingIfTheDaemonDoesNotCount) {
  auto* feature = daemon_.info.add_features();
  feature->set_name("run_counts");
  feature->set_detail("no BPF_ENABLE_STATS");
  EXPECT_EQ(RunConnect("        expect: {server: t}\n").failures.at(0).note, "");
  EXPECT_EQ(counted_, 0);
  const TestResult expecting = RunConnect("        runs: {connect4: 1}\n");
  EXPECT_EQ(expecting.verdict, Verdict::kFailed);
  EXPECT_EQ(expecting.failures.at(0).error, "this daemon cannot count runs: no BPF_ENABLE_STATS");
  EXPECT_EQ(ToString(expecting.failures[0].mark), "p.yaml:7:16");
}

TEST_F(RunsTest, TakesADaemonThatLacksTheCall) {
  daemon_.count_runs = nullptr;
  const TestResult failed = RunConnect("        expect: {server: t}\n");
  EXPECT_EQ(failed.verdict, Verdict::kFailed);
  EXPECT_EQ(failed.failures.at(0).note, "");
  const TestResult expecting = RunConnect("        runs: {connect4: 1}\n");
  EXPECT_EQ(expecting.verdict, Verdict::kRigError);
  EXPECT_THAT(expecting.reason, HasSubstr("p.yaml:6:9: step 1, connect, runs: UNIMPLEMENTED"));
}

}  // namespace
}  // namespace bpfrig::client::run
