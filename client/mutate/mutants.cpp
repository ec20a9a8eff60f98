#include "client/mutate/mutants.h"

#include <set>

namespace bpfrig::client::mutate {

void Counts::Add(Outcome outcome) {
  ++mutants;
  switch (outcome) {
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
  for (const Mutant& mutant : mutants) counts.Add(mutant.outcome);
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
