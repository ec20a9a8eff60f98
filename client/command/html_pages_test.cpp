// The pages of runs and mutants in a real browser: it makes of them what was written, whatever is in them,
// and they fit a narrow window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pugixml.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/mutate/html_report.h"
#include "client/mutate/testing/assembler.h"
#include "client/report/report_file.h"
#include "client/testing/chromium.h"
#include "client/testing/command_fixture.h"
#include "client/testing/page_text.h"

namespace bpfrig::client::command {
namespace {

// Text that a browser would obey if it could, and that does not break by itself.
std::string Hostile() {
  return absl::StrCat(
      "</td></style></body><script>document.title = 'run'</script><img src=x onerror='run()'>",
      "&lt;&amp;<!-- ]]> \x01\xff\"\n", std::string(300, 'x'), " 日本語");
}

std::string RunPage() {
  const std::string text = Hostile();
  const plan::Mark mark = {std::make_shared<const std::string>(text), 1, 1};
  report::RunRecord run;
  for (const verdict::Verdict verdict :
       {verdict::Verdict::kPassed, verdict::Verdict::kFailed, verdict::Verdict::kRigError,
        verdict::Verdict::kSkipped, verdict::Verdict::kNotRun}) {
    verdict::TestResult& result = run.results.emplace_back();
    result.verdict = verdict;
    result.plan = result.name = result.kernel = result.reason = result.artifacts = text;
    result.mark = mark;
    result.failures.push_back({mark, text, text, text, {{mark, text, text, text}}, text});
    result.notes.push_back({mark, text, text});
    result.steps.push_back({mark, text, std::chrono::microseconds(1)});
  }
  return report::ToHtml(run, "1.2.3");
}

std::string MutatePage() {
  const std::string text = Hostile();
  const std::vector<mutate::Instruction> instructions(3, mutate::Arithmetic(BPF_MOV, 5));
  bpfrig::v1::ProgramInstructions listed = mutate::Listed(instructions);
  listed.set_program(text);
  for (auto& line : *listed.mutable_lines()) line.set_text(text);
  mutate::Record record = mutate::RecordOf(instructions);
  record.subjects[0].program = mutate::Program(listed, "");
  record.tests = {text, text};
  for (size_t i = 0; i < record.mutants.size(); ++i) {
    mutate::Mutant& mutant = record.mutants[i];
    mutant.outcome = i % 2 == 0 ? mutate::Outcome::kSurvived : mutate::Outcome::kEquivalent;
    mutant.passed = {0, 1};
    mutant.reason = mutant.mutation.what = text;
  }
  return mutate::ToHtml(record, "1.2.3");
}

// The elements, attributes and texts of a page's body, as XML. HTML takes what stands behind it for a part of
// it.
std::string BodyOf(const std::string& page) {
  const size_t start = page.find("<body>");
  const size_t end = page.rfind("</body>");
  if (start == std::string::npos || end == std::string::npos) return "no body";
  const absl::string_view inner = absl::string_view(page).substr(start, end - start);
  pugi::xml_document body;
  ReadPage(absl::StrCat(absl::StripTrailingAsciiWhitespace(inner), "</body>"), body);
  std::ostringstream written;
  body.print(written, "", pugi::format_raw | pugi::format_no_empty_element_tags);
  return written.str();
}

// Has each page in a frame as wide as a telephone's window, and writes what became of it into paragraphs.
std::string PageOfFrames(const std::vector<std::string>& pages) {
  pugi::xml_document outer;
  pugi::xml_node body = outer.append_child("html").append_child("body");
  for (const std::string& page : pages) {
    pugi::xml_node frame = body.append_child("iframe");
    frame.append_attribute("width") = 400;
    frame.append_attribute("srcdoc") = page.c_str();
    frame.append_child(pugi::node_pcdata).set_value(" ");
  }
  body.append_child("script").append_child(pugi::node_pcdata).set_value(R"(
    onload = function () {
      for (const frame of document.querySelectorAll('iframe')) {
        const page = frame.contentDocument.documentElement;
        const seen = document.createElement('p');
        seen.title = page.scrollWidth == page.clientWidth ? 'fits' : 'is too wide';
        seen.textContent = page.outerHTML;
        frame.replaceWith(seen);
      }
    })");
  std::ostringstream text;
  outer.print(text, "", pugi::format_raw);
  return "<!DOCTYPE html>" + text.str();
}

using HtmlPagesTest = CommandFixture;

TEST_F(HtmlPagesTest, ABrowserSeesWhatWasWrittenAndItFits) {
  if (!HasChromium()) GTEST_SKIP() << kChromium << " is not installed (Debian's package chromium)";
  const std::vector<std::string> pages = {RunPage(), MutatePage()};
  const std::string dumped = Chromium({"--dump-dom", "file://" + Write("frames.html", PageOfFrames(pages))});
  pugi::xml_document frames;
  ReadPage(BodyOf(dumped), frames);
  EXPECT_THAT(TextsOf(frames, "//p/@title"), testing::ElementsAre("fits", "fits"));
  const std::vector<std::string> seen = TextsOf(frames, "//p");
  ASSERT_EQ(seen.size(), pages.size());
  for (size_t i = 0; i < pages.size(); ++i) {
    EXPECT_THAT(BodyOf(pages[i]), testing::StartsWith("<body><h1>bpfrig "));
    EXPECT_EQ(BodyOf(seen[i]), BodyOf(pages[i]));
  }
}

}  // namespace
}  // namespace bpfrig::client::command
