// One run written in every format: what other programs read out of each is the same, and is what the terminal
// shows. Jenkins' schema is checked by xmllint, TAP by Perl's prove.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/report/parse_json.h"
#include "client/report/report_file.h"
#include "client/testing/command_fixture.h"
#include "client/testing/fake_daemon.h"
#include "client/testing/page_text.h"

namespace bpfrig::client::command {
namespace {

using testing::HasSubstr;

struct Seen {
  // "passed", "flaky", "failed", "rig error" or "skipped".
  std::string verdict;
  double milliseconds = 0;
};
// By "plan / test".
using SeenTests = std::map<std::string, Seen>;

double Number(absl::string_view text) {
  double number = -1;
  EXPECT_TRUE(absl::SimpleAtod(text, &number)) << text;
  return number;
}

// What a program printed, and at last its exit status.
std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  for (size_t count = 0; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  return absl::StrCat(output, "exit status ", WEXITSTATUS(status));
}

std::string ValidatedByXmllint(const std::string& path) {
  return OutputOf(absl::StrCat("xmllint --noout --schema ", BPFRIG_JUNIT_SCHEMA, " ", path));
}

SeenTests FromJson(const std::string& path) {
  SeenTests seen;
  const absl::StatusOr<report::RunRecord> record = report::ParseJson(ReadBack(path));
  EXPECT_TRUE(record.ok()) << record.status();
  if (!record.ok()) return seen;
  for (const verdict::TestResult& result : record->results) {
    seen[absl::StrCat(result.plan, " / ", result.name)] = {
        result.IsFlaky() ? "flaky" : report::WordOf(result.verdict), report::Milliseconds(result.duration)};
  }
  return seen;
}

std::string VerdictOf(const pugi::xml_node& test) {
  if (test.child("failure")) return "failed";
  if (test.child("error")) return "rig error";
  if (test.child("skipped")) return "skipped";
  return test.child("flakyFailure") ? "flaky" : "passed";
}

SeenTests FromJunit(const std::string& path) {
  SeenTests seen;
  pugi::xml_document document;
  EXPECT_TRUE(document.load_file(path.c_str()));
  for (const pugi::xpath_node& found : document.select_nodes("//testcase")) {
    const pugi::xml_node test = found.node();
    const double seconds = Number(test.attribute("time").value());
    seen[absl::StrCat(test.parent().attribute("name").value(), " / ", test.attribute("name").value())] = {
        VerdictOf(test), seconds * 1000};
  }
  return seen;
}

std::string Unquoted(absl::string_view text) { return std::string(text.substr(1, text.size() - 2)); }

SeenTests FromTap(const std::string& path) {
  SeenTests seen;
  Seen* last = nullptr;
  for (absl::string_view line : absl::StrSplit(ReadBack(path), '\n')) {
    const bool is_bad = absl::ConsumePrefix(&line, "not ");
    if (absl::ConsumePrefix(&line, "ok ")) {
      std::vector<std::string> parts = absl::StrSplit(line.substr(line.find(" - ") + 3), " # SKIP ");
      last = &seen[absl::StrReplaceAll(parts[0], {{"\\#", "#"}, {"\\\\", "\\"}})];
      last->verdict = parts.size() > 1 ? "skipped" : is_bad ? "" : "passed";
    } else if (absl::ConsumePrefix(&line, "  verdict: ")) {
      last->verdict = Unquoted(line);
    } else if (absl::ConsumePrefix(&line, "  duration_ms: ")) {
      last->milliseconds = Number(line);
    }
  }
  return seen;
}

SeenTests FromHtml(const std::string& path) {
  SeenTests seen;
  pugi::xml_document document;
  ReadPage(ReadBack(path), document);
  for (const pugi::xpath_node& found : document.select_nodes("//tr[@class='test']")) {
    const pugi::xml_node row = found.node();
    const std::string name = TextsOf(row, "td[1]//*[@class='test-name']")[0];
    absl::string_view duration = row.select_node("td/time/@datetime").attribute().value();
    EXPECT_TRUE(absl::ConsumePrefix(&duration, "PT") && absl::ConsumeSuffix(&duration, "S")) << duration;
    seen[absl::StrCat(TextsOf(row, "../tr/th")[0], " / ", name)] = {TextsOf(row, "td[2]")[0],
                                                                    Number(duration) * 1000};
  }
  return seen;
}

// The summary's table, which leaves out what passed.
SeenTests FromGithub(const std::string& summary) {
  SeenTests seen;
  for (const absl::string_view line : absl::StrSplit(ReadBack(summary), '\n')) {
    const std::vector<std::string> cells = absl::StrSplit(line, " | ");
    if (cells.size() != 4 || absl::StartsWith(line, "| test ")) continue;
    seen[absl::StrReplaceAll(cells[0].substr(2), {{"&lt;", "<"}, {"\\|", "|"}})] = {
        cells[1], Number(absl::StripSuffix(cells[2], " ms"))};
  }
  return seen;
}

void ExpectSame(const SeenTests& seen, const SeenTests& expected) {
  EXPECT_EQ(seen.size(), expected.size());
  for (const auto& [name, test] : expected) {
    const auto found = seen.find(name);
    ASSERT_NE(found, seen.end()) << name;
    EXPECT_EQ(found->second.verdict, test.verdict) << name;
    EXPECT_NEAR(found->second.milliseconds, test.milliseconds, 0.0005) << name;
  }
}

class ReportFormatsTest : public CommandFixture {
 protected:
  // A plan with a test of each verdict, with characters that the formats have to escape.
  Outcome RunEveryVerdict() {
    daemon::FakeDaemon daemon;
    auto* feature = daemon.info.add_features();
    feature->set_name("magic");
    feature->set_detail("EINVAL");
    bool was_tried = false;
    daemon.detach = [&](const auto& request) {
      const bool is_late = request.link() == "flickers" && std::exchange(was_tried, true);
      if (request.link() == "passes" || is_late) return grpc::Status::OK;
      if (request.link() == "breaks") {
        return daemon::DaemonError(grpc::StatusCode::INTERNAL, bpfrig::v1::ERROR_REASON_INTERNAL, "a bug");
      }
      return daemon::DaemonError(grpc::StatusCode::NOT_FOUND, bpfrig::v1::ERROR_REASON_UNKNOWN_NAME,
                                 "<no> & \"link\" | here\nat all");
    };
    daemon.Start(target_);
    RunOptions options;
    options.plans.plans = {
        Write("plan.yaml",
              "name: p\ntests:\n"
              "  - {name: passes, steps: [{detach: {link: passes}}]}\n"
              "  - {name: '<fails> & \"so\" #1 | 100%', steps: [{detach: {link: fails}}]}\n"
              "  - {name: is skipped, requires: [magic], steps: [{detach: {link: passes}}]}\n"
              "  - {name: flickers, steps: [{detach: {link: flickers}}]}\n"
              "  - {name: breaks, steps: [{detach: {link: breaks}}]}\n")};
    options.daemon.target = target_;
    options.jobs = 1;
    options.retries = 1;
    options.reports = {"junit=" + junit_, "tap=" + tap_, "json=" + json_, "html=" + html_};
    setenv("GITHUB_ACTIONS", "true", 1);
    setenv("GITHUB_STEP_SUMMARY", Write("summary.md", "").c_str(), 1);
    Outcome outcome = Captured([&] { return RunPlans(options); });
    for (const char* name : {"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"}) unsetenv(name);
    daemon.Stop();
    return outcome;
  }

  const std::string junit_ = (directory_ / "run.xml").string();
  const std::string tap_ = (directory_ / "run.tap").string();
  const std::string html_ = (directory_ / "run.html").string();
  const std::string json_ = (directory_ / "run.json").string();
  const std::string summary_ = (directory_ / "summary.md").string();
};

TEST_F(ReportFormatsTest, AllAgreeOnEveryVerdictAndTime) {
  const Outcome outcome = RunEveryVerdict();
  EXPECT_EQ(outcome.code, kRigFailed);
  const SeenTests json = FromJson(json_);
  const std::string fails = "p / <fails> & \"so\" #1 | 100%";
  std::map<std::string, std::string> verdicts;
  for (const auto& [name, seen] : json) verdicts[name] = seen.verdict;
  EXPECT_EQ(verdicts, (std::map<std::string, std::string>{{"p / passes", "passed"},
                                                          {fails, "failed"},
                                                          {"p / is skipped", "skipped"},
                                                          {"p / flickers", "flaky"},
                                                          {"p / breaks", "rig error"}}));
  ExpectSame(FromJunit(junit_), json);
  ExpectSame(FromTap(tap_), json);
  ExpectSame(FromHtml(html_), json);
  SeenTests not_passed = json;
  not_passed.erase("p / passes");
  ExpectSame(FromGithub(summary_), not_passed);
}

TEST_F(ReportFormatsTest, TheTerminalAndAnnotationsShowTheSame) {
  const Outcome outcome = RunEveryVerdict();
  const std::map<std::string, std::string> words = {
      {"passed", "PASS  "}, {"failed", "FAIL  "}, {"flaky", "FLAKY "}, {"rig error", "RIG   "}};
  for (const auto& [name, seen] : FromJson(json_)) {
    if (seen.verdict == "skipped") {
      EXPECT_THAT(outcome.out, HasSubstr("SKIP  " + name + "  needs magic: EINVAL\n"));
    } else {
      EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat(words.at(seen.verdict), name, "  ",
                                                      report::Duration(std::chrono::microseconds(
                                                          static_cast<int64_t>(seen.milliseconds * 1000))))));
    }
  }
  EXPECT_THAT(outcome.out, HasSubstr(",line=4,col=49,title=p / <fails> & \"so\" #1 | 100%25::"));
  EXPECT_THAT(outcome.out, HasSubstr("::warning file="));
  EXPECT_THAT(outcome.out, HasSubstr("title=p / breaks::"));
  EXPECT_THAT(ReadBack(summary_),
              HasSubstr("### bpfrig: 2 passed (1 flaky), 1 failed, 1 skipped, 1 rig error\n"));
}

TEST_F(ReportFormatsTest, JunitIsValidForJenkins) {
  static_cast<void>(RunEveryVerdict());
  EXPECT_THAT(ValidatedByXmllint(junit_), HasSubstr("validates\nexit status 0"));

  // What that run does not have: kernels, tests that were not run, and bytes that XML has no way to write.
  report::RunRecord record;
  for (const char* kernel : {"", "5.10.0", "6.1.0"}) {
    verdict::TestResult result;
    result.plan = "p\x01";
    result.name = "t\xff";
    result.kernel = kernel;
    record.results.push_back(result);
    result.verdict = verdict::Verdict::kFailed;
    result.failures.push_back({{}, "step 1, connect", "a \x1b[31mred\x01 log\r\n", "", {}, ""});
    record.results.push_back(result);
  }
  const std::string path = Write("kernels.xml", report::ToJunit(record));
  EXPECT_THAT(ValidatedByXmllint(path), HasSubstr("validates\nexit status 0"));
  EXPECT_THAT(ReadBack(path), HasSubstr("a \\x1b[31mred\\x01 log\\x0d\n"));
  EXPECT_THAT(ReadBack(path), HasSubstr("<property name=\"kernel\" value=\"6.1.0\" />"));

  // The schema does find what is wrong.
  const std::string wrong = absl::StrReplaceAll(ReadBack(junit_), {{"<testcase name=", "<testcase title="}});
  EXPECT_THAT(ValidatedByXmllint(Write("wrong.xml", wrong)), HasSubstr("fails to validate\nexit status"));
}

TEST_F(ReportFormatsTest, ProveCountsTheSameTests) {
  static_cast<void>(RunEveryVerdict());
  // Perl before 5.38 does not know that there is a version 14.
  const std::string proved = OutputOf("prove -e 'sed 1s/14/13/' " + tap_);
  EXPECT_THAT(proved, HasSubstr("Tests: 5 Failed: 2)"));
  EXPECT_THAT(proved, testing::ContainsRegex("Failed tests: +2, 5"));
  EXPECT_THAT(proved, testing::Not(HasSubstr("Parse errors")));
  EXPECT_THAT(proved, HasSubstr("exit status 1"));
}

}  // namespace
}  // namespace bpfrig::client::command
