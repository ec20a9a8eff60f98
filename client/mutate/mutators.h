// What is changed in a program, one instruction at a time. No change moves an instruction, so that what the
// object says of lines and functions stays true. Pure functions: a mutant is made here, and run elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/mutate/program.h"

namespace bpfrig::client::mutate {

// One change of one instruction.
struct Mutation {
  // Its index in the program.
  uint32_t instruction = 0;
  // The new one.
  Instruction code;
  // Which mutator made it: "branch", "constant"; docs/mutation.md has them.
  std::string kind;
  // What it does: "`r1 == 2` became `r1 != 2`".
  std::string what;
};

// All of a program, in the order of its instructions. No two of an instruction put the same in its place.
[[nodiscard]] std::vector<Mutation> MutationsOf(const Program& program);

}  // namespace bpfrig::client::mutate
