// For tests: programs of a few instructions, with their source lines.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <utility>
#include <vector>

#include "client/mutate/mutants.h"
#include "client/mutate/program.h"

namespace bpfrig::client::mutate {

inline Instruction Branch(uint8_t comparison, int32_t immediate, int16_t offset = 1) {
  return {static_cast<uint8_t>(BPF_JMP | comparison | BPF_K), BPF_REG_1, 0, offset, immediate};
}
inline Instruction Arithmetic(uint8_t operation, int32_t immediate, uint8_t destination = BPF_REG_1) {
  return {static_cast<uint8_t>(BPF_ALU64 | operation | BPF_K), destination, 0, 0, immediate};
}
inline Instruction Call(int32_t helper) { return {BPF_JMP | BPF_CALL, 0, 0, 0, helper}; }
inline Instruction Exit() { return {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}; }
inline Instruction Store(int32_t immediate) {
  return {BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -8, immediate};
}

// As the daemon lists it: each instruction on a line of its own, from 1.
inline bpfrig::v1::ProgramInstructions Listed(const std::vector<Instruction>& instructions) {
  bpfrig::v1::ProgramInstructions listed;
  listed.set_program("prog");
  auto* function = listed.add_functions();
  function->set_name("prog");
  for (size_t i = 0; i < instructions.size(); ++i) {
    listed.mutable_instructions()->append(Encode(instructions[i]));
    auto* line = listed.add_lines();
    line->set_instruction(static_cast<uint32_t>(i));
    line->set_file("src/prog.c");
    line->set_line(static_cast<uint32_t>(i + 1));
    line->set_text("  line " + std::to_string(i + 1));
  }
  return listed;
}

inline Program Assembled(const std::vector<Instruction>& instructions, std::string type = "") {
  return Program(Listed(instructions), std::move(type));
}

// What is done to the first instruction of these.
inline std::vector<std::string> ChangesOf(const std::vector<Instruction>& instructions,
                                          std::string type = "") {
  std::vector<std::string> changes;
  for (const Mutation& mutation : MutationsOf(Assembled(instructions, std::move(type)))) {
    if (mutation.instruction == 0) changes.push_back(mutation.what);
  }
  return changes;
}

// A record with this program alone, which two tests load, and all of its mutants.
inline Record RecordOf(const std::vector<Instruction>& instructions) {
  Record record;
  record.subjects.push_back({nullptr, "obj", Assembled(instructions), {0, 1}});
  record.tests = {"p / one", "p / two"};
  record.fingerprints = {"11", "22"};
  for (Mutation& mutation : MutationsOf(record.subjects[0].program)) {
    record.mutants.push_back({0, std::move(mutation)});
  }
  record.mutants_in_all = record.mutants.size();
  return record;
}

}  // namespace bpfrig::client::mutate
