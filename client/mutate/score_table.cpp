#include "client/mutate/score_table.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace bpfrig::client::mutate {
namespace {

// Rows of one program: its own first, then its functions'.
void CountIn(const std::string& function, const Mutant& mutant, std::vector<ScoreRow>& rows) {
  rows.front().counts.Add(mutant);
  auto found =
      std::find_if(rows.begin() + 1, rows.end(), [&](const ScoreRow& row) { return row.name == function; });
  if (found == rows.end()) found = rows.insert(rows.end(), {function, true, {}});
  found->counts.Add(mutant);
}

}  // namespace

std::vector<ScoreRow> ScoreRows(const Record& record) {
  std::vector<std::vector<ScoreRow>> programs;
  for (const Subject& subject : record.subjects) programs.push_back({{subject.FullName(), false, {}}});
  for (const Mutant& mutant : record.mutants) {
    CountIn(record.PlaceOf(mutant).function, mutant, programs[mutant.subject]);
  }
  std::vector<ScoreRow> rows;
  for (const std::vector<ScoreRow>& program : programs) {
    if (program.size() == 1) continue;
    // One function alone is the whole program.
    rows.insert(rows.end(), program.begin(), program.size() == 2 ? program.begin() + 1 : program.end());
  }
  return rows;
}

std::string ScoreOf(const Counts& counts) {
  return counts.HasScore() ? absl::StrFormat("%.1f %%", counts.Score()) : "-";
}

}  // namespace bpfrig::client::mutate
