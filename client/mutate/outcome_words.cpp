#include "client/mutate/outcome_words.h"

namespace bpfrig::client::mutate {

const char* WordOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kInvalid:
      return "invalid";
    case Outcome::kNoticed:
      return "noticed";
    case Outcome::kSurvived:
      return "survived";
    case Outcome::kEquivalent:
      return "equivalent";
    case Outcome::kNotRun:
      break;
  }
  return "not run";
}

Outcome OutcomeOf(const std::string& word) {
  for (const Outcome outcome :
       {Outcome::kInvalid, Outcome::kNoticed, Outcome::kSurvived, Outcome::kEquivalent}) {
    if (word == WordOf(outcome)) return outcome;
  }
  return Outcome::kNotRun;
}

}  // namespace bpfrig::client::mutate
