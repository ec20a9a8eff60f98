#include "client/report/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

namespace bpfrig::client::report {
namespace {

using ::testing::HasSubstr;
using verdict::Verdict;

const auto kPlanFile = std::make_shared<const std::string>("plans/a.yaml");

verdict::TestResult Result(Verdict verdict, const std::string& plan, const std::string& name) {
  verdict::TestResult result;
  result.verdict = verdict;
  result.plan = plan;
  result.name = name;
  result.mark = {kPlanFile, 3, 5};
  result.duration = std::chrono::microseconds(12345);
  return result;
}

// One test of each verdict, with characters that each format has to escape.
RunRecord Record() {
  RunRecord run;
  run.started = std::chrono::system_clock::from_time_t(1790000000);
  run.duration = std::chrono::milliseconds(2500);
  run.results.push_back(Result(Verdict::kPassed, "a", "passes"));
  run.results.back().notes.push_back({{kPlanFile, 7, 9}, "step 1, load", "the log"});
  run.results.back().steps.push_back({{kPlanFile, 7, 9}, "step 1, load", std::chrono::microseconds(1250)});
  run.results.push_back(Result(Verdict::kFailed, "b", "<fails> & \"so\" #1, 100%"));
  verdict::Failure failure;
  failure.mark = {kPlanFile, 7, 9};
  failure.what = "step 2, connect";
  failure.differences.push_back({{kPlanFile, 8, 17}, "server", "a", "b|c\nd"});
  failure.note = "programs that ran in this step: none";
  run.results.back().failures.push_back(failure);
  run.results.back().artifacts = "out/b/fails";
  run.results.push_back(Result(Verdict::kSkipped, "a", "is skipped"));
  run.results.back().reason = "needs tcx: EINVAL";
  run.results.push_back(Result(Verdict::kRigError, "b", "breaks"));
  run.results.back().reason = "the daemon is gone";
  run.results.push_back(Result(Verdict::kNotRun, "b", "never ran"));
  run.counts = {1, 1, 1, 1, 1};
  return run;
}

TEST(ReportFileTest, ReadsFormatAndFile) {
  EXPECT_EQ(ParseReportFile("junit=a=b.xml")->path, "a=b.xml");
  EXPECT_EQ(ParseReportFile("jnuit=x").status().message(),
            "there is no report \"jnuit\" (did you mean \"junit\"?); there are html, json, junit, tap, each "
            "as NAME=FILE");
  for (const char* text : {"tap", "tap="}) {
    EXPECT_EQ(ParseReportFile(text).status().message(), "a file is missing: tap=FILE was expected");
  }
}

TEST(ReportFileTest, JunitHasASuiteForEachPlan) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(ToJunit(Record()).c_str()));
  const pugi::xml_node a = document.child("testsuites").child("testsuite");
  const pugi::xml_node b = a.next_sibling("testsuite");
  EXPECT_STREQ(a.attribute("name").value(), "a");
  EXPECT_EQ(a.attribute("tests").as_int(), 2);
  EXPECT_EQ(a.attribute("skipped").as_int(), 1);
  EXPECT_STREQ(a.attribute("time").value(), "0.024690");
  EXPECT_STREQ(a.attribute("timestamp").value(), "2026-09-21T14:13:20");
  EXPECT_EQ(b.attribute("failures").as_int(), 1);
  EXPECT_EQ(b.attribute("errors").as_int(), 1);
  const pugi::xml_node failed = b.child("testcase");
  EXPECT_STREQ(failed.attribute("name").value(), "<fails> & \"so\" #1, 100%");
  EXPECT_STREQ(failed.child("failure").attribute("message").value(), "plans/a.yaml:7:9: step 2, connect");
  EXPECT_THAT(failed.child("failure").text().get(), HasSubstr("actual:   b|c\n"));
  EXPECT_THAT(failed.child("failure").text().get(), HasSubstr("programs that ran in this step: none"));
  const pugi::xml_node broken = failed.next_sibling("testcase");
  EXPECT_STREQ(broken.child("error").attribute("message").value(), "the daemon is gone");
  EXPECT_TRUE(broken.next_sibling("testcase").child("skipped"));
}

TEST(ReportFileTest, TapHasALineForEachTestAndABlockForWhatIsWrong) {
  EXPECT_EQ(ToTap(Record()),
            R"(TAP version 14
1..5
ok 1 - a / passes
  ---
  duration_ms: 12.345
  ...
not ok 2 - b / <fails> & "so" \#1, 100%
  ---
  verdict: "failed"
  at: "plans/a.yaml:3:5"
  duration_ms: 12.345
  message: "      plans/a.yaml:7:9: step 2, connect\n        plans/a.yaml:8:17: server\n          expected: a\n          actual:   b|c\n                    d\n        programs that ran in this step: none\n      artifacts: out/b/fails\n"
  ...
ok 3 - a / is skipped # SKIP needs tcx: EINVAL
not ok 4 - b / breaks
  ---
  verdict: "rig error"
  at: "plans/a.yaml:3:5"
  duration_ms: 12.345
  message: "      the daemon is gone\n"
  ...
ok 5 - b / never ran # SKIP the run was ended before it
)");
}

TEST(ReportFileTest, JsonHasEverything) {
  const auto run = nlohmann::json::parse(ToJson(Record(), "1.2.3 (abc)"));
  EXPECT_EQ(run["schema"], 1);
  EXPECT_EQ(run["bpfrig"], "1.2.3 (abc)");
  EXPECT_EQ(run["started"], "2026-09-21T14:13:20Z");
  EXPECT_EQ(run["duration_ms"], 2500.0);
  EXPECT_EQ(run["counts"]["rig_errors"], 1);
  ASSERT_EQ(run["tests"].size(), 5u);
  const auto& failed = run["tests"][1];
  EXPECT_EQ(failed["verdict"], "failed");
  EXPECT_EQ(failed["file"], "plans/a.yaml");
  EXPECT_EQ(failed["line"], 3);
  EXPECT_EQ(failed["duration_ms"], 12.345);
  EXPECT_EQ(failed["failures"][0]["what"], "step 2, connect");
  EXPECT_EQ(failed["failures"][0]["note"], "programs that ran in this step: none");
  EXPECT_EQ(failed["failures"][0]["differences"][0]["actual"], "b|c\nd");
  EXPECT_EQ(failed["failures"][0]["differences"][0]["column"], 17);
  EXPECT_EQ(failed["artifacts"], "out/b/fails");
  EXPECT_EQ(run["tests"][0]["notes"][0]["text"], "the log");
  EXPECT_FALSE(run["tests"][0].contains("artifacts"));
  EXPECT_FALSE(run["tests"][2].contains("notes"));
  EXPECT_EQ(run["tests"][0]["steps"], nlohmann::json::parse(R"([{"what": "step 1, load",
      "file": "plans/a.yaml", "line": 7, "column": 9, "duration_ms": 1.25}])"));
  EXPECT_FALSE(run["tests"][2].contains("steps"));
  EXPECT_EQ(run["tests"][2]["reason"], "needs tcx: EINVAL");
  EXPECT_EQ(run["tests"][4]["verdict"], "not run");
}

TEST(ReportFileTest, AllFormatsAgree) {
  const RunRecord record = Record();
  const auto json = nlohmann::json::parse(ToJson(record, ""));
  pugi::xml_document junit;
  ASSERT_TRUE(junit.load_string(ToJunit(record).c_str()));
  const std::string tap = ToTap(record);
  size_t cases = 0;
  for (const pugi::xpath_node& found : junit.select_nodes("//testcase")) {
    const pugi::xml_node test = found.node();
    const std::string name = test.attribute("name").value();
    for (const auto& other : json["tests"]) {
      if (other["name"] != name) continue;
      ++cases;
      EXPECT_EQ(other["verdict"] == "failed", !test.child("failure").empty()) << name;
      EXPECT_EQ(other["verdict"] == "rig error", !test.child("error").empty()) << name;
      EXPECT_DOUBLE_EQ(other["duration_ms"].get<double>() / 1000, test.attribute("time").as_double()) << name;
    }
  }
  EXPECT_EQ(cases, record.results.size());
  EXPECT_EQ(json["tests"].size(), record.results.size());
}

TEST(ReportFileTest, GithubGetsAnAnnotationAtThePlansLine) {
  const std::string text = ToGithubAnnotations(Record());
  EXPECT_THAT(text,
              HasSubstr("::error file=plans/a.yaml,line=7,col=9,title=b / <fails> & \"so\" #1%2C 100%25::"));
  EXPECT_THAT(text, HasSubstr("step 2, connect%0A"));
  EXPECT_THAT(text, HasSubstr("title=b / breaks::      the daemon is gone%0A"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(ReportFileTest, GithubGetsASummary) {
  const std::string text = ToGithubSummary(Record());
  EXPECT_THAT(text, HasSubstr("### bpfrig: 1 passed, 1 failed, 1 skipped, 1 rig error, 1 not run\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| b / &lt;fails> & \"so\" #1, 100% | failed | 12.345 ms | plans/a.yaml:7:9: step 2, connect |\n"));
  EXPECT_THAT(text, HasSubstr("| a / is skipped | skipped | 12.345 ms | needs tcx: EINVAL |\n"));
}

TEST(ReportFileTest, SaysWhatCannotBeWritten) {
  EXPECT_EQ(WriteFile("/nowhere/at/all", "x").message(),
            "writing /nowhere/at/all: No such file or directory");
}

// One that passed at its second try.
RunRecord FlakyRecord() {
  RunRecord run;
  run.results.push_back(Result(Verdict::kPassed, "a", "flickers"));
  run.results[0].tries = 2;
  verdict::Failure failure;
  failure.mark = {kPlanFile, 7, 9};
  failure.what = "step 2, connect";
  run.results[0].failures.push_back(failure);
  run.counts.passed = run.counts.flaky = 1;
  return run;
}

TEST(ReportFileTest, EveryFormatShowsAFlakyTest) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(ToJunit(FlakyRecord()).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("failures").as_int(), 0);
  const pugi::xml_node flaky = suite.child("testcase").child("flakyFailure");
  EXPECT_STREQ(flaky.attribute("message").value(), "passed at try 2");
  EXPECT_THAT(flaky.child("stackTrace").text().get(), HasSubstr("plans/a.yaml:7:9: step 2, connect"));

  EXPECT_THAT(ToTap(FlakyRecord()), HasSubstr("ok 1 - a / flickers\n  ---\n  verdict: \"flaky\"\n"));
  const nlohmann::json json = nlohmann::json::parse(ToJson(FlakyRecord(), "0.1.0"));
  EXPECT_EQ(json["counts"]["flaky"], 1);
  EXPECT_EQ(json["tests"][0]["verdict"], "passed");
  EXPECT_EQ(json["tests"][0]["tries"], 2);
  EXPECT_EQ(json["tests"][0]["flaky"], true);
  EXPECT_THAT(ToGithubAnnotations(FlakyRecord()), HasSubstr("::warning file=plans/a.yaml,line=7,col=9,"));
  EXPECT_THAT(ToGithubSummary(FlakyRecord()), HasSubstr("### bpfrig: 1 passed (1 flaky), 0 failed"));
  EXPECT_THAT(ToGithubSummary(FlakyRecord()), HasSubstr("| a / flickers | flaky | "));
}

}  // namespace
}  // namespace bpfrig::client::report
