// One instruction of a program, as <linux/bpf.h> has it, and what its parts are called. The mutators read and
// make them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::client::mutate {

struct Instruction {
  uint8_t code = 0;
  uint8_t destination = 0;
  uint8_t source = 0;
  int16_t offset = 0;
  int32_t immediate = 0;

  // The parts of the code.
  [[nodiscard]] uint8_t Class() const { return code & 0x07; }
  [[nodiscard]] uint8_t Operation() const { return code & 0xf0; }
  [[nodiscard]] bool TakesRegister() const { return (code & 0x08) != 0; }
  // Arithmetic of 64 or 32 bits.
  [[nodiscard]] bool IsArithmetic() const;
  // A jump that depends on something.
  [[nodiscard]] bool IsBranch() const;
  // A call of one of the kernel's helpers.
  [[nodiscard]] bool IsHelperCall() const;
  [[nodiscard]] bool IsExit() const;
  // The first half of one that takes sixteen bytes.
  [[nodiscard]] bool IsWide() const;

  friend bool operator==(const Instruction& a, const Instruction& b) {
    return a.code == b.code && a.destination == b.destination && a.source == b.source &&
           a.offset == b.offset && a.immediate == b.immediate;
  }
};

// Eight bytes each; what is left over at the end is not read.
[[nodiscard]] std::vector<Instruction> Decode(absl::string_view bytes);
[[nodiscard]] std::string Encode(const Instruction& instruction);

// A jump to the next one.
[[nodiscard]] Instruction Nothing();
// r0 = value.
[[nodiscard]] Instruction Answer(int32_t value);

// "==", "unsigned <" and so on, of a branch.
[[nodiscard]] std::string ComparisonOf(const Instruction& branch);
// What a branch compares, or arithmetic does: "r1 == 2", "w3 += r2".
[[nodiscard]] std::string InWords(const Instruction& instruction);
// "bpf_map_lookup_elem"; "helper 9999" of one that <linux/bpf.h> did not have yet.
[[nodiscard]] std::string HelperName(int32_t helper);

}  // namespace bpfrig::client::mutate
