#include "client/mutate/mutants.h"

#include <set>

namespace bpfrig::client::mutate {

bool Subject::MayReach(size_t test, uint32_t instruction) const {
  const auto known = may_have_run.find(test);
  return known == may_have_run.end() || known->second.at(instruction);
}

void Counts::Add(const Mutant& mutant) {
  ++mutants;
  switch (mutant.outcome) {
    case Outcome::kNotRun:
      ++not_run;
      break;
    case Outcome::kInvalid:
      ++invalid;
      break;
    case Outcome::kNoticed:
      ++noticed;
      break;
    case Outcome::kSurvived:
      ++survived;
      if (mutant.is_unreached) ++unreached;
      break;
    case Outcome::kEquivalent:
      ++equivalent;
      break;
  }
}

double Counts::Score() const {
  return HasScore() ? 100.0 * static_cast<double>(noticed) / static_cast<double>(noticed + survived) : 100.0;
}

Counts Record::CountAll() const {
  Counts counts;
  for (const Mutant& mutant : mutants) counts.Add(mutant);
  return counts;
}

std::vector<size_t> TestsThatAddNothing(const Record& record) {
  std::set<size_t> needed;
  std::set<size_t> met;
  for (const Mutant& mutant : record.mutants) {
    if (mutant.noticed_by.size() == 1) needed.insert(mutant.noticed_by.front());
    met.insert(mutant.noticed_by.begin(), mutant.noticed_by.end());
    met.insert(mutant.passed.begin(), mutant.passed.end());
  }
  std::vector<size_t> others;
  for (const size_t test : met) {
    if (needed.count(test) == 0) others.push_back(test);
  }
  return others;
}

}  // namespace bpfrig::client::mutate
