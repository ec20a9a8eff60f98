// What `bpfrig mutate` prints for people.
#pragma once

#include <string>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// Survivors by source line, then a table of programs and functions, then the last line with the score.
[[nodiscard]] std::string ToText(const Record& record);
// "score 76.6 %: 72 of 94 noticed, 22 survived, 9 invalid".
[[nodiscard]] std::string SummaryOf(const Counts& counts);
// "a sample of 10 of 94 mutants, with --seed 1", of a record that is one.
[[nodiscard]] std::string SampleOf(const Record& record);

}  // namespace bpfrig::client::mutate
