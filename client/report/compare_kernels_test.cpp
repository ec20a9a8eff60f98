#include "client/report/compare_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "client/report/parse_json.h"
#include "client/report/report_file.h"

namespace bpfrig::client::report {
namespace {

using ::testing::HasSubstr;
using verdict::Verdict;

const auto kFile = std::make_shared<const std::string>("plans/a.yaml");

verdict::TestResult Result(Verdict verdict, const std::string& name) {
  verdict::TestResult result;
  result.verdict = verdict;
  result.plan = "a";
  result.name = name;
  result.mark = {kFile, 3, 5};
  result.duration = std::chrono::microseconds(12345);
  if (verdict == Verdict::kSkipped) result.reason = "needs tcx: EINVAL";
  if (verdict == Verdict::kFailed) {
    verdict::Failure failure;
    failure.mark = {kFile, 7, 9};
    failure.what = "step 2, connect";
    failure.differences.push_back({{kFile, 8, 17}, "server", "a", "b"});
    failure.note = "programs that ran in this step: none";
    result.failures.push_back(failure);
  }
  return result;
}

KernelRun RunOf(const std::string& name, const std::string& release,
                std::vector<verdict::TestResult> results) {
  KernelRun run;
  run.name = name;
  run.release = release;
  run.accelerator = name == "host" ? "" : "tcg";
  run.boot = std::chrono::milliseconds(3100);
  run.record.duration = std::chrono::milliseconds(2500);
  run.record.results = std::move(results);
  for (const verdict::TestResult& result : run.record.results) CountIn(result, run.record.counts);
  return run;
}

TEST(CompareKernelsTest, SaysFirstWhatDiffers) {
  const std::string text =
      CompareKernels({RunOf("6.1", "6.1.0-50-cloud-amd64",
                            {Result(Verdict::kSkipped, "sheds load"), Result(Verdict::kFailed, "dials"),
                             Result(Verdict::kPassed, "ends")}),
                      RunOf("host", "6.18.5",
                            {Result(Verdict::kPassed, "sheds load"), Result(Verdict::kFailed, "dials"),
                             Result(Verdict::kPassed, "ends")})},
                     false);
  EXPECT_EQ(text, R"(different on these kernels:
  a / sheds load
    6.1   SKIP  needs tcx: EINVAL
    host  PASS

not passed on any kernel:
  a / dials
    6.1   FAIL
          plans/a.yaml:7:9: step 2, connect
            plans/a.yaml:8:17: server
              expected: a
              actual:   b
            programs that ran in this step: none
    host  FAIL
          plans/a.yaml:7:9: step 2, connect
            plans/a.yaml:8:17: server
              expected: a
              actual:   b
            programs that ran in this step: none

skipped:
  6.1   1 test: needs tcx: EINVAL

6.1   1 passed, 1 failed, 1 skipped in 2.5 s  (Linux 6.1.0-50-cloud-amd64, a guest with tcg, up in 3.1 s)
host  2 passed, 1 failed in 2.5 s  (Linux 6.18.5)
)");
}

TEST(CompareKernelsTest, CountsFlakyTests) {
  verdict::TestResult flaky = Result(Verdict::kPassed, "dials");
  flaky.tries = 2;
  const KernelRun run = RunOf("6.1", "6.1.0", {flaky});
  EXPECT_THAT(CompareKernels({run}, false), HasSubstr("1 passed (1 flaky), 0 failed"));
  EXPECT_EQ(Joined({run, run}).counts.flaky, 2U);
  // Where another kernel fails, it is said how it passed.
  EXPECT_THAT(CompareKernels({run, RunOf("host", "6.18.5", {Result(Verdict::kFailed, "dials")})}, false),
              HasSubstr("    6.1   FLAKY\n    host  FAIL\n"));
}

TEST(CompareKernelsTest, SaysThatAKernelOnWhichAllWasSkippedIsNotKnown) {
  EXPECT_THAT(CompareKernels({RunOf("6.1", "6.1.0", {Result(Verdict::kSkipped, "x")})}, false),
              HasSubstr("  6.1  everything was skipped: nothing is known of this kernel\n"));
}

TEST(CompareKernelsTest, KernelThatDidNotComeUpIsARigErrorInEveryReport) {
  KernelRun dead = RunOf("6.1", "", {});
  dead.failure = "the kernel gave up: Kernel panic; its console ends:\nno init";
  EXPECT_EQ(CompareKernels({dead}, false),
            "6.1  rig error: the kernel gave up: Kernel panic; its console ends:\n      no init\n");
  const RunRecord joined = Joined({dead, RunOf("host", "6.18.5", {Result(Verdict::kPassed, "x")})});
  EXPECT_EQ(joined.counts.rig_errors, 1U);
  EXPECT_EQ(joined.counts.passed, 1U);
  EXPECT_THAT(ToTap(joined), HasSubstr("not ok 1 - bpfrig / runs the plans [6.1]\n"));
  EXPECT_THAT(ToTap(joined), HasSubstr("ok 2 - a / x [6.18.5]\n"));
}

TEST(ParseJsonTest, ReadsWhatWasWritten) {
  verdict::TestResult flaky = Result(Verdict::kFailed, "is flaky");
  flaky.verdict = Verdict::kPassed;
  flaky.tries = 3;
  verdict::TestResult noted = Result(Verdict::kPassed, "has a note");
  noted.notes.push_back({{kFile, 7, 9}, "step 1, load", "the verifier's log:\nsafe"});
  noted.steps.push_back({{kFile, 7, 9}, "step 1, load", std::chrono::microseconds(1250)});
  const RunRecord run =
      Joined({RunOf("6.1", "6.1.0",
                    {Result(Verdict::kFailed, "dials"), Result(Verdict::kNotRun, "y"),
                     Result(Verdict::kSkipped, "z"), Result(Verdict::kRigError, "r"), flaky, noted})});
  const std::string text = ToJson(run, "0.1.0");
  const absl::StatusOr<RunRecord> read = ParseJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read, "0.1.0"), text);
  EXPECT_EQ(ToJunit(*read), ToJunit(run));
  EXPECT_EQ(ToTap(*read), ToTap(run));
}

TEST(ParseJsonTest, RefusesWhatIsNotAReport) {
  for (const char* text :
       {"", "[]", "{}", R"({"started": 1})", R"({"started": "", "duration_ms": 1, "tests": [{}]})"}) {
    EXPECT_THAT(ParseJson(text).status().message(), HasSubstr("this is not a report of bpfrig: ")) << text;
  }
}

}  // namespace
}  // namespace bpfrig::client::report
