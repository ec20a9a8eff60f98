#include "client/mutate/resume.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/mutate/outcome_words.h"

namespace bpfrig::client::mutate {
namespace {

using Json = nlohmann::ordered_json;

// Object, program, instruction, what was changed.
using MutantKey = std::tuple<std::string, std::string, uint32_t, std::string>;

// Numbers in the record of tests that are what they were, by name.
std::map<std::string, size_t> SameTests(const Json& report, const Record& record) {
  std::map<std::string, std::string> then;
  for (const Json& test : report.at("tests")) then[test.at("name")] = test.at("fingerprint");
  std::map<std::string, size_t> same;
  for (size_t i = 0; i < record.tests.size(); ++i) {
    const auto found = then.find(record.tests[i]);
    if (found != then.end() && found->second == record.fingerprints[i]) same[record.tests[i]] = i;
  }
  return same;
}

// False if one of them is not the same any more.
bool ReadTests(const Json& names, const std::map<std::string, size_t>& same, std::vector<size_t>& tests) {
  for (const Json& name : names) {
    const auto found = same.find(name.get<std::string>());
    if (found == same.end()) return false;
    tests.push_back(found->second);
  }
  return true;
}

bool AllAreSame(const Subject& subject, const Record& record, const std::map<std::string, size_t>& same) {
  return std::all_of(subject.tests.begin(), subject.tests.end(),
                     [&](size_t test) { return same.count(record.tests[test]) > 0; });
}

// Whether it says what came of the mutant.
bool ReadOutcome(const Json& then, const std::map<std::string, size_t>& same, Mutant& mutant) {
  Mutant read = mutant;
  read.outcome = OutcomeOf(then.at("outcome"));
  // Whether that still holds is asked again.
  if (read.outcome == Outcome::kEquivalent) read.outcome = Outcome::kSurvived;
  read.is_hang = then.value("hang", false);
  read.is_unreached = then.value("unreached", false);
  if (read.outcome == Outcome::kNotRun || !ReadTests(then.at("noticed_by"), same, read.noticed_by) ||
      !ReadTests(then.at("passed"), same, read.passed)) {
    return false;
  }
  mutant = std::move(read);
  return true;
}

absl::StatusOr<size_t> ResumeFrom(const Json& report, Record& record) {
  if (record.has_every_test && !report.at("every_test").get<bool>()) {
    return absl::InvalidArgumentError("it is of a run without --every-test");
  }
  const std::map<std::string, size_t> same = SameTests(report, record);
  std::map<MutantKey, const Json*> known;
  for (const Json& mutant : report.at("mutants")) {
    known[{mutant.at("object"), mutant.at("program"), mutant.at("instruction"), mutant.at("what")}] = &mutant;
  }
  size_t taken = 0;
  for (Mutant& mutant : record.mutants) {
    const Subject& subject = record.subjects[mutant.subject];
    const auto found = known.find(
        {subject.object_name, subject.program.name(), mutant.mutation.instruction, mutant.mutation.what});
    if (found == known.end() || !AllAreSame(subject, record, same)) continue;
    if (ReadOutcome(*found->second, same, mutant)) ++taken;
  }
  return taken;
}

}  // namespace

absl::StatusOr<size_t> Resume(const std::string& json, Record& record) {
  try {
    return ResumeFrom(Json::parse(json), record);
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("it is not a report of bpfrig mutate: ", error.what()));
  }
}

}  // namespace bpfrig::client::mutate
