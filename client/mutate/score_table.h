// Mutants counted by program and function, for the reports.
#pragma once

#include <string>
#include <vector>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

struct ScoreRow {
  // "object/program", or a function's symbol.
  std::string name;
  // A function of the program above it.
  bool is_function = false;
  Counts counts;
};

// Programs with mutants, each with its functions below it, in the order in which they come, if it has
// several.
[[nodiscard]] std::vector<ScoreRow> ScoreRows(const Record& record);
// "76.6 %"; "-" if there is nothing to have a score of.
[[nodiscard]] std::string ScoreOf(const Counts& counts);

}  // namespace bpfrig::client::mutate
