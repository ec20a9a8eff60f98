// Mutants by the source line that they are of, for the reports.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// Each thing that is said of mutants, and of how many.
using Said = std::vector<std::pair<std::string, size_t>>;

// What came of the mutants of a source line.
struct LineGroup {
  // The record outlives it.
  const Place* place = nullptr;
  // The first program that has it, as "object/program", and the first of its instructions there.
  std::string program = {};
  uint32_t instruction = 0;
  Counts counts = {};
  // What was changed and survived, in which programs, and the tests that got there and passed, by their
  // numbers.
  Said survivors = {};
  std::vector<std::string> programs = {};
  std::set<size_t> tests = {};
  // Why others make no difference.
  Said reasons = {};
};

// What stands for a line if an object tells none: the whole program, or each of its instructions.
enum class WithoutLines { kProgram, kInstruction };

// By file and line; behind them programs whose objects tell none.
[[nodiscard]] std::vector<LineGroup> GroupByLine(const Record& record, WithoutLines without_lines);

// "x", "x (3 times)"; the unit is "times".
[[nodiscard]] std::string InWords(const Said::value_type& said, const char* unit);

}  // namespace bpfrig::client::mutate
