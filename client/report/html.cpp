// A run as a page for people.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/report/html_page.h"
#include "client/report/report_file.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

struct Look {
  // A class of the page's style.
  const char* style;
  std::string word;
  // What is to be looked at first has less.
  int rank;
};

Look LookOf(const TestResult& result) {
  switch (result.verdict) {
    case Verdict::kPassed:
      if (result.IsFlaky()) return {"some", "flaky", 1};
      return {"good", WordOf(result.verdict), 3};
    case Verdict::kFailed:
      return {"bad", WordOf(result.verdict), 0};
    case Verdict::kRigError:
      return {"rig", WordOf(result.verdict), 0};
    case Verdict::kSkipped:
    case Verdict::kNotRun:
      break;
  }
  return {"quiet", WordOf(result.verdict), 2};
}

void AddVerdict(const TestResult& result, HtmlElement parent) {
  const Look look = LookOf(result);
  AddBadge(parent, look.word, look.style);
}

// Whether there is more to say of it than stands in the table.
bool HasDetails(const TestResult& result) {
  return result.IsBad() || result.IsFlaky() || result.verdict == Verdict::kSkipped || !result.notes.empty();
}

std::string IdOf(const TestResult& result, const RunRecord& run) {
  return absl::StrCat("test-", &result - run.results.data() + 1);
}

// `shown` is for people, and the whole duration for programs.
void AddTime(std::chrono::microseconds duration, const std::string& shown, HtmlElement parent) {
  const double seconds = static_cast<double>(duration.count()) / 1e6;
  parent.AddText("time", shown).Set("datetime", absl::StrFormat("PT%.6fS", seconds));
}

void AddTime(std::chrono::microseconds duration, HtmlElement parent) {
  AddTime(duration, Duration(duration), parent);
}

void AddDifferences(const verdict::Differences& differences, HtmlElement parent) {
  if (differences.empty()) return;
  HtmlElement table = AddTable(parent, {"expected", "actual"}, "differences");
  for (const verdict::Difference& difference : differences) {
    HtmlElement rows = table.Add("tbody");
    HtmlElement name = rows.Add("tr").Add("th").Set("colspan", "2").Set("scope", "rowgroup");
    name.AddText("code", difference.field);
    name.AddText("span", absl::StrCat(" at ", ToString(difference.mark)), "faint");
    HtmlElement values = rows.Add("tr");
    values.AddText("td", difference.expected, "value");
    values.AddText("td", difference.actual, "value");
  }
}

void AddFailure(const verdict::Failure& failure, HtmlElement parent) {
  HtmlElement heading = parent.Add("h4");
  heading.AddText("code", ToString(failure.mark));
  heading.Text(absl::StrCat(": ", failure.what));
  if (!failure.error.empty()) parent.AddText("p", failure.error, "text error");
  if (!failure.hint.empty()) parent.AddText("p", absl::StrCat("hint: ", failure.hint), "text hint");
  AddDifferences(failure.differences, parent);
  if (!failure.note.empty()) parent.AddText("div", failure.note, "log");
}

void AddNote(const verdict::Note& note, HtmlElement parent) {
  HtmlElement details = parent.Add("details").Set("open", "open");
  HtmlElement summary = details.Add("summary");
  summary.AddText("code", ToString(note.mark));
  summary.Text(absl::StrCat(": ", note.what));
  details.AddText("div", note.text, "log");
}

void AddSteps(const TestResult& result, HtmlElement parent) {
  HtmlElement list = parent.Add("ol", "steps");
  for (const verdict::StepTime& step : result.steps) {
    HtmlElement item = list.Add("li");
    item.AddText("code", ToString(step.mark));
    item.Text(absl::StrCat(": ", step.what, ", "));
    // Most steps take less than a millisecond.
    AddTime(step.duration, absl::StrFormat("%.1f ms", Milliseconds(step.duration)), item);
  }
}

void AddDetails(const TestResult& result, const RunRecord& run, HtmlElement parent) {
  HtmlElement card = parent.Add("section", absl::StrCat("card ", LookOf(result).style).c_str());
  card.Set("id", IdOf(result, run));
  HtmlElement heading = card.Add("h3");
  AddVerdict(result, heading);
  heading.Text(absl::StrCat(" ", result.plan, " / ", NameWithKernel(result)));
  HtmlElement place = card.Add("p", "faint");
  if (result.mark.file != nullptr) {
    place.AddText("code", ToString(result.mark));
    place.Text(", ");
  }
  AddTime(result.duration, place);
  place.Text(DescribeTries(result));
  if (!result.reason.empty()) card.AddText("p", result.reason, "text reason");
  for (const verdict::Failure& failure : result.failures) AddFailure(failure, card);
  for (const verdict::Note& note : result.notes) AddNote(note, card);
  if (!result.steps.empty()) {
    HtmlElement details = card.Add("details");
    details.AddText("summary",
                    absl::StrCat(result.steps.size(), result.steps.size() == 1 ? " step" : " steps"));
    AddSteps(result, details);
  }
  if (!result.artifacts.empty()) card.AddText("p", "artifacts: ").AddText("code", result.artifacts);
}

// What did not pass first.
void AddAllDetails(const RunRecord& run, HtmlElement body) {
  Suite shown;
  for (const TestResult& result : run.results) {
    if (HasDetails(result)) shown.push_back(&result);
  }
  if (shown.empty()) return;
  std::stable_sort(shown.begin(), shown.end(), [](const TestResult* a, const TestResult* b) {
    return LookOf(*a).rank < LookOf(*b).rank;
  });
  body.AddText("h2", "Details");
  for (const TestResult* result : shown) AddDetails(*result, run, body);
}

// The plan, and what its tests came to together.
void AddSuiteHeading(const Suite& suite, HtmlElement rows) {
  Counts counts;
  std::chrono::microseconds duration{0};
  for (const TestResult* result : suite) {
    CountIn(*result, counts);
    duration += result->duration;
  }
  HtmlElement row = rows.Add("tr", "group");
  const TestResult& first = *suite.front();
  HtmlElement name = row.AddText("th", first.plan, "name").Set("scope", "rowgroup");
  if (!first.kernel.empty()) name.AddText("span", absl::StrCat(" on ", first.kernel), "faint");
  row.AddText("td", Summary(counts));
  AddTime(duration, row.Add("td", "number"));
}

// Leads to the details, or unfolds to the steps.
void AddName(const TestResult& result, const RunRecord& run, HtmlElement parent) {
  if (HasDetails(result)) {
    parent.AddText("a", result.name, "test-name").Set("href", absl::StrCat("#", IdOf(result, run)));
  } else if (result.steps.empty()) {
    parent.AddText("span", result.name, "test-name");
  } else {
    HtmlElement details = parent.Add("details");
    details.AddText("summary", result.name, "test-name");
    AddSteps(result, details);
  }
}

void AddSuite(const Suite& suite, const RunRecord& run, HtmlElement table) {
  HtmlElement rows = table.Add("tbody");
  AddSuiteHeading(suite, rows);
  for (const TestResult* result : suite) {
    HtmlElement row = rows.Add("tr", "test");
    AddName(*result, run, row.Add("td", "name below"));
    AddVerdict(*result, row.Add("td"));
    AddTime(result->duration, row.Add("td", "number"));
  }
}

// Of tests on more than the daemon's own kernel.
std::vector<std::string> KernelsOf(const RunRecord& run) {
  std::vector<std::string> kernels;
  for (const TestResult& result : run.results) {
    const bool is_new = std::find(kernels.begin(), kernels.end(), result.kernel) == kernels.end();
    if (!result.kernel.empty() && is_new) kernels.push_back(result.kernel);
  }
  return kernels;
}

}  // namespace

std::string ToHtml(const RunRecord& run, const std::string& version) {
  HtmlPage page(absl::StrCat("bpfrig run: ", Summary(run.counts)));
  std::vector<std::pair<const char*, std::string>> facts = {
      {"tests", absl::StrCat(run.results.size())},
      {"started", Timestamp(run.started)},
      {"duration", Duration(run.duration)},
  };
  if (const std::vector<std::string> kernels = KernelsOf(run); !kernels.empty()) {
    facts.emplace_back("kernels", absl::StrJoin(kernels, ", "));
  }
  facts.emplace_back("bpfrig", version);
  AddFacts(page.body(), facts);
  AddAllDetails(run, page.body());
  page.body().AddText("h2", "Tests");
  HtmlElement table = AddTable(page.body(), {"plan and test", "verdict", "duration"}, "tests");
  for (const Suite& suite : SuitesOf(run)) AddSuite(suite, run, table);
  return page.ToString();
}

}  // namespace bpfrig::client::report
