// A program as it is mutated: its instructions, and what they come from. Made of the daemon's answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bpfrig/v1/program.pb.h"
#include "client/mutate/instruction.h"

namespace bpfrig::client::mutate {

// Where an instruction comes from.
struct Place {
  // Of BTF; the program's own name if the object does not tell.
  std::string function;
  // Empty if it is not known.
  std::string file;
  uint32_t line = 0;
  // The line itself, without the blanks before it.
  std::string text;

  [[nodiscard]] bool IsKnown() const { return line > 0; }
};

class Program {
 public:
  // `type` as libbpf calls it: "xdp".
  Program(const bpfrig::v1::ProgramInstructions& listed, std::string type);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] const std::vector<Instruction>& instructions() const { return instructions_; }
  [[nodiscard]] const Place& PlaceOf(size_t index) const { return places_[place_of_[index]]; }
  // Whether the object tells any source line.
  [[nodiscard]] bool HasLines() const { return has_lines_; }
  // Whether it may be changed at all: no relocation filled it in, it is not the second half of another, and
  // a source line explains it, if there are any.
  [[nodiscard]] bool MayChange(size_t index) const { return may_change_[index]; }

 private:
  void AddPlaces(const bpfrig::v1::ProgramInstructions& listed);

  std::string name_;
  std::string type_;
  std::vector<Instruction> instructions_;
  std::vector<bool> may_change_;
  bool has_lines_ = false;
  std::vector<Place> places_;
  // Of each instruction, in places_.
  std::vector<size_t> place_of_;
};

}  // namespace bpfrig::client::mutate
