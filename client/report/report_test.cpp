#include "client/report/report.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>

namespace bpfrig::client::report {
namespace {

verdict::TestResult ResultOf(verdict::Verdict verdict, const std::string& name) {
  verdict::TestResult result;
  result.verdict = verdict;
  result.plan = "p";
  result.name = name;
  result.duration = std::chrono::milliseconds(12);
  return result;
}

TEST(ReportTest, PrintsResultsAsTheyCome) {
  std::ostringstream stream;
  Report report(stream, {}, 3);
  report.Started("p", "first");
  report.Add(ResultOf(verdict::Verdict::kPassed, "second"));
  EXPECT_EQ(stream.str(), "PASS  p / second  12 ms\n");
  report.Add(ResultOf(verdict::Verdict::kPassed, "first"));
  verdict::TestResult skipped = ResultOf(verdict::Verdict::kSkipped, "third");
  skipped.reason = "needs x: EINVAL";
  report.Add(skipped);
  report.Finish();
  EXPECT_EQ(stream.str(),
            "PASS  p / second  12 ms\nPASS  p / first  12 ms\nSKIP  p / third  needs x: EINVAL\n");
  EXPECT_EQ(Summary(report.counts()), "2 passed, 0 failed, 1 skipped");
}

TEST(ReportTest, ShowsFailuresAgainIfOtherResultsStandBelow) {
  std::ostringstream stream;
  Report report(stream, {}, 3);
  report.Add(ResultOf(verdict::Verdict::kPassed, "a"));
  report.Add(ResultOf(verdict::Verdict::kFailed, "b"));
  report.Add(ResultOf(verdict::Verdict::kPassed, "c"));
  report.Finish();
  EXPECT_EQ(
      stream.str(),
      "PASS  p / a  12 ms\nFAIL  p / b  12 ms\nPASS  p / c  12 ms\n\nWhat failed:\nFAIL  p / b  12 ms\n");

  std::ostringstream at_the_end;
  Report last(at_the_end, {}, 2);
  last.Add(ResultOf(verdict::Verdict::kPassed, "a"));
  last.Add(ResultOf(verdict::Verdict::kFailed, "b"));
  last.Finish();
  EXPECT_EQ(at_the_end.str(), "PASS  p / a  12 ms\nFAIL  p / b  12 ms\n");
}

TEST(ReportTest, SaysWhereArtifactsAre) {
  verdict::TestResult failed = ResultOf(verdict::Verdict::kFailed, "a");
  failed.artifacts = "out/p/a";
  EXPECT_EQ(FormatResult(failed, false), "FAIL  p / a  12 ms\n      artifacts: out/p/a\n");
}

TEST(ReportTest, KeepsOneLineOfProgressOnATerminal) {
  std::ostringstream stream;
  Report report(stream, {false, 20}, 2);
  report.Started("p", "a");
  EXPECT_EQ(stream.str(), "0 of 2, 0 s  p / a");
  report.Started("p", "second");
  report.Add(ResultOf(verdict::Verdict::kFailed, "a"));
  // The result stands above the line, which is cut to the terminal's width.
  EXPECT_EQ(stream.str(),
            "0 of 2, 0 s  p / a\r\033[K0 of 2, 0 s  p / a\r\033[KFAIL  p / a  12 ms\n1 of 2, 1 failed, 0");
  report.Add(ResultOf(verdict::Verdict::kFailed, "second"));
  report.Finish();
  const std::string end = "\r\033[KFAIL  p / second  12 ms\n";
  EXPECT_EQ(stream.str().substr(stream.str().size() - end.size()), end);
}

TEST(ReportTest, ShowsAFlakyTestWithWhatWentWrong) {
  verdict::TestResult result = ResultOf(verdict::Verdict::kPassed, "t");
  result.tries = 2;
  verdict::Failure failure;
  failure.mark = {std::make_shared<const std::string>("a.yaml"), 3, 7};
  failure.what = "step 2, listen";
  result.failures.push_back(failure);
  EXPECT_EQ(FormatResult(result, false),
            "FLAKY p / t  12 ms, passed at try 2\n      a.yaml:3:7: step 2, listen\n");
  std::ostringstream stream;
  Report report(stream, {}, 1);
  report.Add(result);
  EXPECT_EQ(Summary(report.counts()), "1 passed (1 flaky), 0 failed");
}

TEST(ReportTest, ShowsExpectedAndActualWithTheirPlace) {
  const auto file = std::make_shared<const std::string>("a.yaml");
  verdict::TestResult result = ResultOf(verdict::Verdict::kFailed, "t");
  verdict::Failure failure;
  failure.mark = {file, 3, 7};
  failure.what = "step 2, connect";
  failure.differences.push_back({{file, 4, 15}, "server", "a", "b\nand more"});
  result.failures.push_back(failure);
  EXPECT_EQ(FormatResult(result, false),
            "FAIL  p / t  12 ms\n"
            "      a.yaml:3:7: step 2, connect\n"
            "        a.yaml:4:15: server\n"
            "          expected: a\n"
            "          actual:   b\n"
            "                    and more\n");
}

TEST(ReportTest, ShowsWhatElseMayTellWhyBelowTheDifferences) {
  const auto file = std::make_shared<const std::string>("a.yaml");
  verdict::TestResult result = ResultOf(verdict::Verdict::kFailed, "t");
  verdict::Failure failure;
  failure.mark = {file, 3, 7};
  failure.what = "step 2, listen";
  failure.error = "KERNEL_REFUSED: no";
  failure.note = "programs that ran in this step: none";
  result.failures.push_back(failure);
  EXPECT_EQ(FormatResult(result, false),
            "FAIL  p / t  12 ms\n"
            "      a.yaml:3:7: step 2, listen\n"
            "        KERNEL_REFUSED: no\n"
            "        programs that ran in this step: none\n");
}

TEST(ReportTest, ShowsWhatStepsHaveToShowAlsoOfATestThatPassed) {
  const auto file = std::make_shared<const std::string>("a.yaml");
  verdict::TestResult result = ResultOf(verdict::Verdict::kPassed, "t");
  result.notes.push_back({{file, 3, 7}, "step 1, load", "the log:\nprocessed 3 insns"});
  EXPECT_EQ(FormatResult(result, false),
            "PASS  p / t  12 ms\n"
            "      a.yaml:3:7: step 1, load: the log:\n"
            "        processed 3 insns\n");
}

TEST(ReportTest, CountsWhatElseThereIs) {
  EXPECT_EQ(Summary({3, 1, 0, 0, 0}), "3 passed, 1 failed");
  EXPECT_EQ(Summary({3, 1, 2, 4, 5}), "3 passed, 1 failed, 2 skipped, 4 rig errors, 5 not run");
}

TEST(ReportTest, ColoursOnlyWhenTold) {
  EXPECT_EQ(FormatResult(ResultOf(verdict::Verdict::kPassed, "t"), true).substr(0, 5), "\033[32m");
  EXPECT_EQ(FormatResult(ResultOf(verdict::Verdict::kPassed, "t"), false).substr(0, 4), "PASS");
}

}  // namespace
}  // namespace bpfrig::client::report
