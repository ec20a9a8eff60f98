#include "client/mutate/line_groups.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::mutate {
namespace {

// Whether the line is not known; the file or else the program; the line or else the instruction.
using GroupKey = std::tuple<bool, std::string, uint32_t>;

GroupKey KeyOf(const Record& record, const Mutant& mutant, WithoutLines without_lines) {
  const Place& place = record.PlaceOf(mutant);
  if (place.IsKnown()) return {false, place.file, place.line};
  return {true, record.subjects[mutant.subject].FullName(),
          without_lines == WithoutLines::kInstruction ? mutant.mutation.instruction : 0};
}

void Say(const std::string& text, Said& said) {
  const auto same =
      std::find_if(said.begin(), said.end(), [&](const auto& one) { return one.first == text; });
  if (same == said.end()) {
    said.emplace_back(text, 1);
  } else {
    ++same->second;
  }
}

void AddTo(LineGroup& group, const Record& record, const Mutant& mutant, WithoutLines without_lines) {
  const Place& place = record.PlaceOf(mutant);
  const std::string program = record.subjects[mutant.subject].FullName();
  if (group.place == nullptr) {
    group.place = &place;
    group.program = program;
    group.instruction = mutant.mutation.instruction;
  }
  group.counts.Add(mutant);
  if (mutant.outcome == Outcome::kEquivalent) Say(mutant.reason, group.reasons);
  if (mutant.outcome != Outcome::kSurvived) return;
  if (std::find(group.programs.begin(), group.programs.end(), program) == group.programs.end()) {
    group.programs.push_back(program);
  }
  const bool is_alone = place.IsKnown() || without_lines == WithoutLines::kInstruction;
  const std::string where = is_alone ? "" : absl::StrCat("instruction ", mutant.mutation.instruction, ": ");
  Say(absl::StrCat(where, mutant.mutation.what, mutant.is_unreached ? " (no test gets there)" : ""),
      group.survivors);
  group.tests.insert(mutant.passed.begin(), mutant.passed.end());
}

}  // namespace

std::vector<LineGroup> GroupByLine(const Record& record, WithoutLines without_lines) {
  std::map<GroupKey, LineGroup> by_key;
  for (const Mutant& mutant : record.mutants) {
    AddTo(by_key[KeyOf(record, mutant, without_lines)], record, mutant, without_lines);
  }
  std::vector<LineGroup> groups;
  groups.reserve(by_key.size());
  for (auto& [key, group] : by_key) groups.push_back(std::move(group));
  return groups;
}

std::string InWords(const Said::value_type& said, const char* unit) {
  const auto& [text, count] = said;
  return count > 1 ? absl::StrCat(text, " (", count, " ", unit, ")") : text;
}

}  // namespace bpfrig::client::mutate
