// Outcomes as reports spell them.
#pragma once

#include <string>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// "noticed", "survived", "equivalent", "invalid", "not run".
[[nodiscard]] const char* WordOf(Outcome outcome);
// kNotRun for any other word.
[[nodiscard]] Outcome OutcomeOf(const std::string& word);

}  // namespace bpfrig::client::mutate
