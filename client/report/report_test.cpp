#include "client/report/report.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>

namespace bpfrig::client::report {
namespace {

verdict::TestResult Result(verdict::Verdict verdict, const std::string& name) {
  verdict::TestResult result;
  result.verdict = verdict;
  result.plan = "p";
  result.name = name;
  result.duration = std::chrono::milliseconds(12);
  return result;
}

TEST(ReportTest, PrintsInOrderAsSoonAsItCan) {
  std::ostringstream stream;
  Report report(stream, false, 3);
  report.Add(1, Result(verdict::Verdict::kPassed, "second"));
  EXPECT_EQ(stream.str(), "");
  report.Add(0, Result(verdict::Verdict::kPassed, "first"));
  EXPECT_EQ(stream.str(), "PASS  p / first  12 ms\nPASS  p / second  12 ms\n");
  verdict::TestResult skipped = Result(verdict::Verdict::kSkipped, "third");
  skipped.reason = "needs x: EINVAL";
  report.Add(2, skipped);
  EXPECT_EQ(stream.str(),
            "PASS  p / first  12 ms\nPASS  p / second  12 ms\nSKIP  p / third  needs x: EINVAL\n");
  EXPECT_EQ(Summary(report.counts()), "2 passed, 0 failed, 1 skipped");
}

TEST(ReportTest, ShowsExpectedAndActualWithTheirPlace) {
  const auto file = std::make_shared<const std::string>("a.yaml");
  verdict::TestResult result = Result(verdict::Verdict::kFailed, "t");
  verdict::Failure failure{{file, 3, 7}, "step 2, connect", "", "", {}};
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
  verdict::TestResult result = Result(verdict::Verdict::kFailed, "t");
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
  verdict::TestResult result = Result(verdict::Verdict::kPassed, "t");
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
  EXPECT_EQ(FormatResult(Result(verdict::Verdict::kPassed, "t"), true).substr(0, 5), "\033[32m");
  EXPECT_EQ(FormatResult(Result(verdict::Verdict::kPassed, "t"), false).substr(0, 4), "PASS");
}

}  // namespace
}  // namespace bpfrig::client::report
