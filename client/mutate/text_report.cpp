#include "client/mutate/text_report.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace bpfrig::client::mutate {
namespace {

// As many tests are named below a line.
constexpr size_t kMostTests = 4;

// What survived at one source line.
struct LineGroup {
  const Place* place = nullptr;
  // Programs that have it, and what was changed there, with how often.
  std::vector<std::string> programs;
  std::vector<std::pair<std::string, size_t>> changes;
  std::set<size_t> tests;
};

// A line that is not known is one for each program, behind the others.
using GroupKey = std::tuple<bool, std::string, uint32_t, std::string>;

GroupKey KeyOf(const Record& record, const Mutant& mutant) {
  const Place& place = record.PlaceOf(mutant);
  return {!place.IsKnown(), place.file, place.line,
          place.IsKnown() ? "" : record.subjects[mutant.subject].FullName()};
}

void AddTo(LineGroup& group, const Record& record, const Mutant& mutant) {
  group.place = &record.PlaceOf(mutant);
  const std::string program = record.subjects[mutant.subject].FullName();
  if (std::find(group.programs.begin(), group.programs.end(), program) == group.programs.end()) {
    group.programs.push_back(program);
  }
  const std::string what = group.place->IsKnown() ? mutant.mutation.what
                                                  : absl::StrCat("instruction ", mutant.mutation.instruction,
                                                                 ": ", mutant.mutation.what);
  const auto same = std::find_if(group.changes.begin(), group.changes.end(),
                                 [&](const auto& change) { return change.first == what; });
  if (same == group.changes.end()) {
    group.changes.emplace_back(what, 1);
  } else {
    ++same->second;
  }
  group.tests.insert(mutant.passed.begin(), mutant.passed.end());
}

std::map<GroupKey, LineGroup> GroupsOf(const Record& record, Outcome outcome) {
  std::map<GroupKey, LineGroup> groups;
  for (const Mutant& mutant : record.mutants) {
    if (mutant.outcome == outcome) AddTo(groups[KeyOf(record, mutant)], record, mutant);
  }
  return groups;
}

std::string TestsOf(const LineGroup& group, const Record& record) {
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
  for (const auto& [what, count] : group.changes) {
    absl::StrAppend(&text, "      - ", what, count > 1 ? absl::StrCat(" (", count, " times)") : "", "\n");
  }
  return absl::StrCat(text, "    ran:  ", TestsOf(group, record), "\n\n");
}

std::string Survivors(const Record& record) {
  std::string text;
  for (const auto& [key, group] : GroupsOf(record, Outcome::kSurvived)) text += ToText(group, record);
  return text.empty() ? text : absl::StrCat("No test notices these changes:\n\n", text);
}

std::string Equivalents(const Record& record) {
  std::map<std::string, size_t> counts;
  for (const Mutant& mutant : record.mutants) {
    if (mutant.outcome != Outcome::kEquivalent) continue;
    const Place& place = record.PlaceOf(mutant);
    const std::string where = place.IsKnown() ? absl::StrCat(place.file, ":", place.line)
                                              : record.subjects[mutant.subject].FullName();
    ++counts[absl::StrCat(where, ": ", mutant.reason)];
  }
  std::string text;
  for (const auto& [line, count] : counts) {
    absl::StrAppend(&text, "    ", line, count > 1 ? absl::StrCat(" (", count, " changes)") : "", "\n");
  }
  return text.empty() ? text : absl::StrCat("Said to make no difference:\n", text, "\n");
}

std::string Row(const std::string& name, const Counts& counts) {
  return absl::StrFormat("%-44s %8d %8d %8d %10d %8d  %s\n", name, counts.mutants, counts.noticed,
                         counts.survived, counts.equivalent, counts.invalid,
                         counts.HasScore() ? absl::StrFormat("%5.1f %%", counts.Score()) : "    -");
}

std::string Table(const Record& record) {
  // Functions in the order in which they come.
  struct Functions {
    std::vector<std::string> names;
    std::map<std::string, Counts> counts;
    Counts all;
  };
  std::vector<Functions> programs(record.subjects.size());
  for (const Mutant& mutant : record.mutants) {
    Functions& functions = programs[mutant.subject];
    const std::string& name = record.PlaceOf(mutant).function;
    if (functions.counts.count(name) == 0) functions.names.push_back(name);
    functions.counts[name].Add(mutant.outcome);
    functions.all.Add(mutant.outcome);
  }
  std::string text = absl::StrFormat("%-44s %8s %8s %8s %10s %8s  %s\n", "program", "mutants", "noticed",
                                     "survived", "equivalent", "invalid", "  score");
  for (size_t i = 0; i < programs.size(); ++i) {
    if (programs[i].names.empty()) continue;
    text += Row(record.subjects[i].FullName(), programs[i].all);
    if (programs[i].names.size() == 1) continue;
    for (const std::string& name : programs[i].names) {
      text += Row(absl::StrCat("  ", name), programs[i].counts[name]);
    }
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
  const std::string score = counts.HasScore() ? absl::StrFormat("score %.1f %%", counts.Score()) : "no score";
  std::string text = absl::StrCat(score, ": ", counts.noticed, " of ", counts.noticed + counts.survived,
                                  " noticed, ", counts.survived, " survived");
  if (counts.equivalent > 0) absl::StrAppend(&text, ", ", counts.equivalent, " equivalent");
  if (counts.invalid > 0) absl::StrAppend(&text, ", ", counts.invalid, " invalid");
  if (counts.not_run > 0) absl::StrAppend(&text, ", ", counts.not_run, " not run");
  return text;
}

std::string ToText(const Record& record) {
  std::string text = absl::StrCat(Survivors(record), Equivalents(record), IdleTests(record), Table(record));
  if (record.seed != 0) {
    absl::StrAppend(&text, "a sample of ", record.mutants.size(), " of ", record.mutants_in_all,
                    " mutants, with --seed ", record.seed, "\n");
  }
  return absl::StrCat(text, SummaryOf(record.CountAll()));
}

}  // namespace bpfrig::client::mutate
