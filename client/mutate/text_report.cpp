#include "client/mutate/text_report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/mutate/line_groups.h"
#include "client/mutate/score_table.h"

namespace bpfrig::client::mutate {
namespace {

// As many tests are named below a line.
constexpr size_t kMostTests = 4;

std::string TestsOf(const LineGroup& group, const Record& record) {
  if (group.tests.empty()) return "no test";
  std::vector<std::string> names;
  for (const size_t test : group.tests) {
    if (names.size() < kMostTests) names.push_back(record.tests[test]);
  }
  const size_t more = group.tests.size() - names.size();
  return absl::StrCat(absl::StrJoin(names, "\n          "),
                      more > 0 ? absl::StrCat("\n          and ", more, " more") : "");
}

std::string ToText(const LineGroup& group, const Record& record) {
  const std::string programs = absl::StrJoin(group.programs, ", ");
  std::string text;
  if (group.place->IsKnown()) {
    absl::StrAppend(&text, group.place->file, ":", group.place->line, ": in ", programs, "\n");
    if (!group.place->text.empty()) absl::StrAppend(&text, "    ", group.place->text, "\n");
  } else {
    absl::StrAppend(&text, programs, ": its object does not tell source lines\n");
  }
  for (const auto& change : group.survivors) {
    absl::StrAppend(&text, "      - ", InWords(change, "times"), "\n");
  }
  return absl::StrCat(text, "    ran:  ", TestsOf(group, record), "\n\n");
}

std::string Survivors(const Record& record) {
  std::string text;
  for (const LineGroup& group : GroupByLine(record, WithoutLines::kProgram)) {
    if (group.counts.survived > 0) text += ToText(group, record);
  }
  return text.empty() ? text : absl::StrCat("No test notices these changes:\n\n", text);
}

std::string Equivalents(const Record& record) {
  std::string text;
  for (const LineGroup& group : GroupByLine(record, WithoutLines::kProgram)) {
    const std::string where =
        group.place->IsKnown() ? absl::StrCat(group.place->file, ":", group.place->line) : group.program;
    for (const auto& reason : group.reasons) {
      absl::StrAppend(&text, "    ", where, ": ", InWords(reason, "changes"), "\n");
    }
  }
  return text.empty() ? text : absl::StrCat("Said to make no difference:\n", text, "\n");
}

std::string Table(const Record& record) {
  std::string text = absl::StrFormat("%-44s %8s %8s %8s %10s %8s  %s\n", "program", "mutants", "noticed",
                                     "survived", "equivalent", "invalid", "  score");
  for (const ScoreRow& row : ScoreRows(record)) {
    const Counts& counts = row.counts;
    absl::StrAppendFormat(
        &text, "%-44s %8d %8d %8d %10d %8d  %7s\n", row.is_function ? absl::StrCat("  ", row.name) : row.name,
        counts.mutants, counts.noticed, counts.survived, counts.equivalent, counts.invalid, ScoreOf(counts));
  }
  return text + "\n";
}

std::string IdleTests(const Record& record) {
  if (!record.has_every_test) return "";
  std::string text;
  for (const size_t test : TestsThatAddNothing(record))
    absl::StrAppend(&text, "    ", record.tests[test], "\n");
  return text.empty() ? text : absl::StrCat("These tests notice nothing that others do not:\n", text, "\n");
}

}  // namespace

std::string SummaryOf(const Counts& counts) {
  const std::string score = counts.HasScore() ? absl::StrCat("score ", ScoreOf(counts)) : "no score";
  std::string text = absl::StrCat(score, ": ", counts.noticed, " of ", counts.noticed + counts.survived,
                                  " noticed, ", counts.survived, " survived");
  if (counts.unreached > 0) absl::StrAppend(&text, ", ", counts.unreached, " of them where no test gets");
  if (counts.equivalent > 0) absl::StrAppend(&text, ", ", counts.equivalent, " equivalent");
  if (counts.invalid > 0) absl::StrAppend(&text, ", ", counts.invalid, " invalid");
  if (counts.not_run > 0) absl::StrAppend(&text, ", ", counts.not_run, " not run");
  return text;
}

std::string SampleOf(const Record& record) {
  return absl::StrCat("a sample of ", record.mutants.size(), " of ", record.mutants_in_all,
                      " mutants, with --seed ", record.seed);
}

std::string ToText(const Record& record) {
  std::string text = absl::StrCat(Survivors(record), Equivalents(record), IdleTests(record), Table(record));
  if (record.seed != 0) absl::StrAppend(&text, SampleOf(record), "\n");
  return absl::StrCat(text, SummaryOf(record.CountAll()));
}

}  // namespace bpfrig::client::mutate
