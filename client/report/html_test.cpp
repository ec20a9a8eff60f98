// The page of a run, read as XML: what a browser makes of it is tested in client/command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "client/report/report_file.h"
#include "client/testing/page_text.h"

namespace bpfrig::client::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using verdict::TestResult;
using verdict::Verdict;

const auto kHtmlPlan = std::make_shared<const std::string>("plans/a.yaml");

TestResult& AddTest(Verdict verdict, const std::string& plan, const std::string& name, RunRecord& run) {
  TestResult& result = run.results.emplace_back();
  result.verdict = verdict;
  result.plan = plan;
  result.name = name;
  result.mark = {kHtmlPlan, 3, 5};
  result.duration = std::chrono::microseconds(12345);
  return result;
}

RunRecord OneOfEach() {
  RunRecord run;
  AddTest(Verdict::kPassed, "a", "passes", run).steps = {
      {{kHtmlPlan, 4, 9}, "step 1, load", std::chrono::microseconds(1500)},
      {{kHtmlPlan, 5, 9}, "step 2, connect", std::chrono::microseconds(210)}};
  AddTest(Verdict::kSkipped, "a", "is skipped", run).reason = "needs tcx: EINVAL";
  TestResult& failed = AddTest(Verdict::kFailed, "b", "fails", run);
  failed.failures.push_back({{kHtmlPlan, 7, 9}, "step 2, connect", "no answer", "start it", {}, "none ran"});
  failed.failures[0].differences = {{{kHtmlPlan, 8, 17}, "peer.port", "80", "81"},
                                    {{kHtmlPlan, 9, 17}, "server", "a", "b\nc"}};
  failed.artifacts = "out/b/fails";
  failed.steps = {{{kHtmlPlan, 6, 9}, "step 1, load", std::chrono::seconds(2)}};
  TestResult& flaky = AddTest(Verdict::kPassed, "a", "flickers", run);
  flaky.tries = 2;
  flaky.failures.push_back({{kHtmlPlan, 6, 9}, "step 1, send", "timeout", "", {}, ""});
  AddTest(Verdict::kRigError, "b", "breaks", run).reason = "the daemon is gone";
  AddTest(Verdict::kPassed, "b", "logs", run)
      .notes.push_back({{kHtmlPlan, 4, 9}, "step 1, load", "0: r0 = 0"});
  AddTest(Verdict::kNotRun, "b", "never ran", run);
  for (const TestResult& result : run.results) CountIn(result, run.counts);
  return run;
}

class HtmlTest : public ::testing::Test {
 protected:
  void Read(const RunRecord& run) { ReadPage(ToHtml(run, "1.2.3 (abc)"), page_); }
  [[nodiscard]] std::vector<std::string> Texts(const char* path) const { return TextsOf(page_, path); }

  pugi::xml_document page_;
};

TEST_F(HtmlTest, ShowsTheWhole) {
  Read(OneOfEach());
  const std::string heading = "bpfrig run: 3 passed (1 flaky), 1 failed, 1 skipped, 1 rig error, 1 not run";
  EXPECT_THAT(Texts("//h1"), ElementsAre(heading));
  EXPECT_THAT(Texts("/html/head/title"), ElementsAre(heading));
  EXPECT_THAT(Texts("//dt"), ElementsAre("tests", "started", "duration", "bpfrig"));
  EXPECT_THAT(Texts("//dd"), ElementsAre("7", "1970-01-01T00:00:00Z", "0 ms", "1.2.3 (abc)"));
}

TEST_F(HtmlTest, HasATableOfTestsByPlan) {
  Read(OneOfEach());
  EXPECT_THAT(Texts("//tr[@class='group']"), ElementsAre("a2 passed (1 flaky), 0 failed, 1 skipped37 ms",
                                                         "b1 passed, 1 failed, 1 rig error, 1 not run49 ms"));
  EXPECT_THAT(Texts("//tr[@class='test']//*[@class='test-name']"),
              ElementsAre("passes", "is skipped", "flickers", "fails", "breaks", "logs", "never ran"));
  EXPECT_THAT(Texts("//tr[@class='test']/td[2]"),
              ElementsAre("passed", "skipped", "flaky", "failed", "rig error", "passed", "not run"));
  EXPECT_THAT(Texts("//tr[@class='test']/td[3]"), testing::Each("12 ms"));
  // Those that there is more to say of lead to it.
  EXPECT_THAT(Texts("//tr/td/a[substring(@href, 2) = //section/@id]"),
              ElementsAre("is skipped", "flickers", "fails", "breaks", "logs"));
}

TEST_F(HtmlTest, ATestUnfoldsToItsStepsWithTheirTimes) {
  Read(OneOfEach());
  EXPECT_THAT(Texts("//tr[@class='test']/td/details/summary"), ElementsAre("passes"));
  EXPECT_THAT(Texts("//tr[@class='test']//li"), ElementsAre("plans/a.yaml:4:9: step 1, load, 1.5 ms",
                                                            "plans/a.yaml:5:9: step 2, connect, 0.2 ms"));
  EXPECT_THAT(Texts("//section/details[ol]/summary"), ElementsAre("1 step"));
  EXPECT_THAT(Texts("//section//li"), ElementsAre("plans/a.yaml:6:9: step 1, load, 2000.0 ms"));
}

TEST_F(HtmlTest, ShowsWhatWentWrongFirst) {
  Read(OneOfEach());
  EXPECT_THAT(Texts("//section/h3"),
              ElementsAre("failed b / fails", "rig error b / breaks", "flaky a / flickers",
                          "skipped a / is skipped", "passed b / logs"));
  EXPECT_THAT(Texts("//section/p[@class='faint']"),
              ElementsAre("plans/a.yaml:3:5, 12 ms", "plans/a.yaml:3:5, 12 ms",
                          "plans/a.yaml:3:5, 12 ms, passed at try 2", "plans/a.yaml:3:5, 12 ms",
                          "plans/a.yaml:3:5, 12 ms"));
  EXPECT_THAT(Texts("//p[@class='text reason']"), ElementsAre("the daemon is gone", "needs tcx: EINVAL"));
  EXPECT_THAT(Texts("//section/h4"),
              ElementsAre("plans/a.yaml:7:9: step 2, connect", "plans/a.yaml:6:9: step 1, send"));
  EXPECT_THAT(Texts("//p[@class='text error']"), ElementsAre("no answer", "timeout"));
  EXPECT_THAT(Texts("//p[@class='text hint']"), ElementsAre("hint: start it"));
  EXPECT_THAT(Texts("//section/p/code[.='out/b/fails']/.."), ElementsAre("artifacts: out/b/fails"));
  EXPECT_THAT(Texts("//section/div[@class='log']"), ElementsAre("none ran"));
  EXPECT_THAT(Texts("//section/details[div]/summary"), ElementsAre("plans/a.yaml:4:9: step 1, load"));
  EXPECT_THAT(Texts("//details/div"), ElementsAre("0: r0 = 0"));
}

TEST_F(HtmlTest, ShowsExpectedAndActualSideBySide) {
  Read(OneOfEach());
  EXPECT_THAT(
      Texts("//table[@class='differences']//th"),
      ElementsAre("expected", "actual", "peer.port at plans/a.yaml:8:17", "server at plans/a.yaml:9:17"));
  EXPECT_THAT(Texts("//table[@class='differences']//tr/td[1]"), ElementsAre("80", "a"));
  EXPECT_THAT(Texts("//table[@class='differences']//tr/td[2]"), ElementsAre("81", "b\nc"));
}

TEST_F(HtmlTest, HasNoDetailsIfThereIsNothingToSay) {
  RunRecord run;
  AddTest(Verdict::kPassed, "a", "passes", run);
  Read(run);
  EXPECT_THAT(Texts("//section"), IsEmpty());
  EXPECT_THAT(Texts("//h2"), ElementsAre("Tests"));
}

TEST_F(HtmlTest, TellsKernelsApart) {
  RunRecord run;
  for (const char* kernel : {"5.10.0", "6.1.0", "5.10.0"})
    AddTest(Verdict::kFailed, "a", "t", run).kernel = kernel;
  Read(run);
  EXPECT_THAT(Texts("//dd[4]"), ElementsAre("5.10.0, 6.1.0"));
  EXPECT_THAT(Texts("//tr[@class='group']/th"), ElementsAre("a on 5.10.0", "a on 6.1.0"));
  EXPECT_THAT(Texts("//section/h3"),
              ElementsAre("failed a / t [5.10.0]", "failed a / t [6.1.0]", "failed a / t [5.10.0]"));
}

TEST_F(HtmlTest, WhatComesFromOutsideIsText) {
  const std::string hostile = "</td></style><script src=\"http://x/\">1</script>&amp;<!-- \x01\xff ]]> '\"";
  const std::string shown = "</td></style><script src=\"http://x/\">1</script>&amp;<!-- \\x01\\xff ]]> '\"";
  RunRecord run;
  TestResult& result = AddTest(Verdict::kFailed, hostile, hostile, run);
  result.kernel = result.reason = result.artifacts = hostile;
  const plan::Mark mark = {std::make_shared<const std::string>(hostile), 1, 1};
  result.mark = mark;
  result.failures.push_back({mark, hostile, hostile, hostile, {{mark, hostile, hostile, hostile}}, hostile});
  result.notes.push_back({mark, hostile, hostile});
  Read(run);
  EXPECT_THAT(Texts("//script | //@src | //comment()"), IsEmpty());
  EXPECT_THAT(Texts("//td[@class='value']"), ElementsAre(shown, shown));
  EXPECT_THAT(Texts("//p[@class='text reason'] | //p[@class='text error'] | //div[@class='log']"),
              ElementsAre(shown, shown, shown, shown));
  EXPECT_THAT(Texts("//tr[@class='group']/th"), ElementsAre(shown + " on " + shown));
  EXPECT_THAT(Texts("//@*"), Not(::testing::Contains(HasSubstr("script"))));
}

TEST_F(HtmlTest, NeedsNothingFromOutside) {
  const std::string page = ToHtml(OneOfEach(), "1");
  EXPECT_THAT(page, ::testing::StartsWith("<!DOCTYPE html>\n<html lang=\"en\">\n"));
  for (const char* reference : {"http", "src=", "url(", "@import", "<link", "<script", "//"}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

}  // namespace
}  // namespace bpfrig::client::report
