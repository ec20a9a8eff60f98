#include "client/mutate/html_report.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/mutate/line_groups.h"
#include "client/mutate/score_table.h"
#include "client/mutate/text_report.h"
#include "client/report/html_page.h"
#include "client/report/report.h"

namespace bpfrig::client::mutate {
namespace {

using report::AddBadge;
using report::AddTable;
using report::HtmlElement;

// More tests than these below a line are shown when they are asked for.
constexpr size_t kMostOpenTests = 4;

// What tests make of a line: a class of the page's style, and words.
std::pair<const char*, std::string> LookOf(const Counts& counts) {
  const size_t judged = counts.noticed + counts.survived;
  if (counts.unreached > 0 && counts.unreached == judged) return {"bad", "never run"};
  if (counts.survived > 0 && counts.noticed == 0) return {"bad", absl::StrCat("none of ", judged)};
  if (counts.survived > 0) return {"some", absl::StrCat(counts.noticed, " of ", judged)};
  if (counts.noticed > 0) return {"good", absl::StrCat("all of ", judged)};
  if (counts.equivalent > 0) return {"same", "equivalent"};
  return {"quiet", counts.invalid > 0 ? "invalid" : "not run"};
}

void AddScores(const Record& record, HtmlElement body) {
  body.AddText("h2", "Programs");
  HtmlElement table = AddTable(
      body, {"program and function", "mutants", "noticed", "survived", "equivalent", "invalid", "score"},
      "scores");
  HtmlElement rows = table.Add("tbody");
  for (const ScoreRow& score : ScoreRows(record)) {
    HtmlElement row = rows.Add("tr", score.is_function ? "function" : "group");
    row.AddText("th", score.name, score.is_function ? "name below" : "name").Set("scope", "row");
    const Counts& counts = score.counts;
    for (const size_t count :
         {counts.mutants, counts.noticed, counts.survived, counts.equivalent, counts.invalid}) {
      row.AddText("td", absl::StrCat(count), "number");
    }
    row.AddText("td", ScoreOf(counts), "number");
  }
}

void AddTests(const std::set<size_t>& tests, const Record& record, HtmlElement parent) {
  if (tests.empty()) return;
  HtmlElement details = parent.Add("details");
  if (tests.size() <= kMostOpenTests) details.Set("open", "open");
  details.AddText("summary",
                  absl::StrCat(tests.size(), tests.size() == 1 ? " test" : " tests", " passed all the same"));
  HtmlElement list = details.Add("ul");
  for (const size_t test : tests) list.AddText("li", record.tests[test]);
}

// Below a line: what survived there, and why the rest makes no difference.
void AddUnder(const LineGroup& group, const Record& record, HtmlElement rows) {
  if (group.survivors.empty() && group.reasons.empty()) return;
  HtmlElement row = rows.Add("tr");
  row.Add("td");
  HtmlElement cell = row.Add("td", "under").Set("colspan", "2");
  if (!group.survivors.empty()) {
    cell.AddText("p", absl::StrCat("not noticed in ", absl::StrJoin(group.programs, ", "), ":"), "faint");
    HtmlElement list = cell.Add("ul", "survivors");
    for (const auto& change : group.survivors) list.AddText("li", InWords(change, "times"));
    AddTests(group.tests, record, cell);
  }
  for (const auto& reason : group.reasons) {
    cell.AddText("p", absl::StrCat("equivalent: ", InWords(reason, "changes")), "reason");
  }
}

void AddLine(const LineGroup& group, const Record& record, HtmlElement table) {
  const auto [style, words] = LookOf(group.counts);
  HtmlElement rows = table.Add("tbody", style);
  HtmlElement row = rows.Add("tr", "line");
  const bool is_known = group.place->IsKnown();
  row.AddText("td", absl::StrCat(is_known ? group.place->line : group.instruction), "number");
  AddBadge(row.Add("td", "outcome"), words, style);
  row.AddText("td", is_known ? group.place->text : group.place->function, "source");
  AddUnder(group, record, rows);
}

void AddLegend(HtmlElement body) {
  HtmlElement legend = body.Add("p", "legend");
  AddBadge(legend, "nothing notices a change", "bad");
  AddBadge(legend, "no test gets there", "bad");
  AddBadge(legend, "some changes are noticed", "some");
  AddBadge(legend, "all are noticed", "good");
  AddBadge(legend, "all make no difference", "same");
  AddBadge(legend, "none could be tried", "quiet");
}

// Each file has a table of its own, and so has each program without lines.
void AddLines(const Record& record, HtmlElement body) {
  body.AddText("h2", "Lines");
  AddLegend(body);
  std::optional<std::string> last;
  HtmlElement table = body;
  for (const LineGroup& group : GroupByLine(record, WithoutLines::kInstruction)) {
    const bool is_known = group.place->IsKnown();
    const std::string heading =
        is_known ? group.place->file
                 : absl::StrCat(group.program, ", whose object does not tell source lines");
    if (last != heading) {
      body.AddText("h3", heading);
      table = AddTable(body, {is_known ? "line" : "instruction", "noticed", is_known ? "source" : "function"},
                       "lines");
    }
    AddLine(group, record, table);
    last = heading;
  }
}

void AddIdleTests(const Record& record, HtmlElement body) {
  if (!record.has_every_test) return;
  const std::vector<size_t> idle = TestsThatAddNothing(record);
  if (idle.empty()) return;
  body.AddText("h2", "Tests that notice nothing which others do not");
  HtmlElement list = body.Add("ul", "idle");
  for (const size_t test : idle) list.AddText("li", record.tests[test]);
}

}  // namespace

std::string ToHtml(const Record& record, const std::string& version) {
  const Counts counts = record.CountAll();
  report::HtmlPage page(absl::StrCat("bpfrig mutate: ", SummaryOf(counts)));
  std::vector<std::pair<const char*, std::string>> facts = {{"mutants", absl::StrCat(counts.mutants)}};
  if (record.seed != 0) facts.emplace_back("chosen", SampleOf(record));
  facts.emplace_back("tests", absl::StrCat(record.tests.size()));
  facts.emplace_back("duration", report::Duration(record.duration));
  facts.emplace_back("bpfrig", version);
  report::AddFacts(page.body(), facts);
  AddScores(record, page.body());
  AddLines(record, page.body());
  AddIdleTests(record, page.body());
  return page.ToString();
}

}  // namespace bpfrig::client::mutate
