// Basic blocks of any instructions, and marks put in front of them: whatever comes in, each instruction is in
// one block, and what led to an instruction leads to what is in front of it now.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "daemon/kernel_bpf/object/block_marks.h"
#include "tests/fuzz/input.h"

namespace {

using bpfrig::kernel_bpf::BasicBlock;
using bpfrig::kernel_bpf::MarkedCode;
using bpfrig::kernel_bpf::TargetOf;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckMarks(const std::vector<bpf_insn>& instructions, const MarkedCode& marked) {
  Require(marked.places.size() == instructions.size() + 1);
  Require(marked.places.back() == marked.instructions.size());
  for (uint32_t i = 0; i < instructions.size(); ++i) {
    const uint32_t now = marked.places[i + 1] - 1;
    // Where the next one begins, or its mark, this one has ended.
    const auto before = TargetOf(instructions[i], i);
    const auto after = TargetOf(marked.instructions[now], now);
    Require(before.has_value() == after.has_value());
    Require(marked.instructions[now].code == instructions[i].code);
    if (before) Require(after->instruction == marked.places[before->instruction]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<bpf_insn> instructions(size / sizeof(bpf_insn));
  if (!instructions.empty()) std::memcpy(instructions.data(), data, instructions.size() * sizeof(bpf_insn));
  const auto blocks = bpfrig::kernel_bpf::BasicBlocksOf(instructions);
  if (!blocks.ok()) return 0;
  uint32_t next = 0;
  for (const BasicBlock& block : *blocks) {
    Require(block.first == next && block.count > 0);
    next += block.count;
  }
  Require(next == instructions.size());
  const auto marked = bpfrig::kernel_bpf::MarkBlocks(instructions, *blocks, {7, 0});
  if (marked.ok()) CheckMarks(instructions, *marked);
  return 0;
}
