#include "client/mutate/selection.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/verdict/programs.h"
#include "common/near_names.h"

namespace bpfrig::client::mutate {
namespace {

bool IsFile(absl::string_view path, absl::string_view asked) {
  return path == asked || absl::EndsWith(path, absl::StrCat("/", asked)) ||
         absl::EndsWith(asked, absl::StrCat("/", path));
}

bool IsIn(const std::vector<LineRange>& lines, const Place& place) {
  return std::any_of(lines.begin(), lines.end(), [&](const LineRange& range) {
    return place.line >= range.first && place.line <= range.last && IsFile(place.file, range.file);
  });
}

bool TakesLine(const Selection& selection, const Place& place) {
  if (!selection.lines.empty() && !IsIn(selection.lines, place)) return false;
  return !selection.changed || IsIn(*selection.changed, place);
}

absl::Status NothingLeft(const Selection& selection) {
  if (selection.changed) return absl::NotFoundError("no line that changed is in a program that a test loads");
  return absl::InvalidArgumentError(selection.lines.empty()
                                        ? "there is nothing to mutate: no test loads a program"
                                        : "there is nothing to mutate in these lines");
}

absl::Status CheckPrograms(const std::vector<std::string>& asked, const std::vector<Subject>& subjects) {
  for (const std::string& name : asked) {
    std::vector<std::string> known;
    bool is_known = false;
    for (const Subject& subject : subjects) {
      known.push_back(subject.program.name());
      is_known = is_known || verdict::Names(name, subject.FullName());
    }
    if (is_known) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--program ", name, ": no test loads it", common::DidYouMean(name, known)));
  }
  return absl::OkStatus();
}

// Not std::sample, which may choose differently with another library.
std::vector<Mutant> Sample(std::vector<Mutant> mutants, size_t count, uint64_t seed) {
  std::vector<size_t> chosen(mutants.size());
  for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  std::mt19937_64 random(seed);
  for (size_t i = chosen.size(); i > 1; --i) std::swap(chosen[i - 1], chosen[random() % i]);
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  std::vector<Mutant> sample;
  for (const size_t i : chosen) sample.push_back(std::move(mutants[i]));
  return sample;
}

}  // namespace

absl::StatusOr<LineRange> ParseLines(const std::string& text) {
  const size_t colon = text.rfind(':');
  LineRange range;
  if (colon != std::string::npos && colon > 0) {
    range.file = text.substr(0, colon);
    const std::vector<std::string> ends = absl::StrSplit(text.substr(colon + 1), '-');
    if (ends.size() <= 2 && absl::SimpleAtoi(ends.front(), &range.first) &&
        absl::SimpleAtoi(ends.back(), &range.last) && range.first > 0 && range.first <= range.last) {
      return range;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("FILE:LINE or FILE:FIRST-LAST was expected, not \"", text, "\""));
}

absl::Status SelectMutants(const Selection& selection, Record& record) {
  if (absl::Status known = CheckPrograms(selection.programs, record.subjects); !known.ok()) return known;
  for (size_t i = 0; i < record.subjects.size(); ++i) {
    const Subject& subject = record.subjects[i];
    const auto& asked = selection.programs;
    const bool is_asked = asked.empty() || std::any_of(asked.begin(), asked.end(), [&](const auto& name) {
                            return verdict::Names(name, subject.FullName());
                          });
    if (!is_asked) continue;
    for (Mutation& mutation : MutationsOf(subject.program)) {
      if (!TakesLine(selection, subject.program.PlaceOf(mutation.instruction))) continue;
      record.mutants.push_back({i, std::move(mutation)});
    }
  }
  if (record.mutants.empty()) return NothingLeft(selection);
  record.mutants_in_all = record.mutants.size();
  if (selection.sample == 0 || selection.sample >= record.mutants.size()) return absl::OkStatus();
  record.seed = selection.seed;
  record.mutants = Sample(std::move(record.mutants), selection.sample, selection.seed);
  return absl::OkStatus();
}

}  // namespace bpfrig::client::mutate
