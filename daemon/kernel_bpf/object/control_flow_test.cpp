// Basic blocks, registers that are free, and the marks that are put there.
#include "daemon/kernel_bpf/object/control_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/instruction.h"
#include "daemon/kernel_bpf/object/block_marks.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::ElementsAre;
using Code = std::vector<struct bpf_insn>;

struct bpf_insn Set(int to, int number) {
  return MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number);
}
struct bpf_insn Copy(int to, int from) {
  return MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from);
}
struct bpf_insn Add(int to, int from) {
  return MakeInstruction(BPF_ALU64 | BPF_ADD | BPF_X, to, from);
}
struct bpf_insn Goto(int over) {
  return MakeInstruction(BPF_JMP | BPF_JA, 0, 0, over);
}
struct bpf_insn GotoFar(int over) {
  return MakeInstruction(BPF_JMP32 | BPF_JA, 0, 0, 0, over);
}
struct bpf_insn GotoIfZero(int number, int over) {
  return MakeInstruction(BPF_JMP | BPF_JEQ | BPF_K, number, 0, over);
}
struct bpf_insn CallHelper(int helper) {
  return MakeInstruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}
struct bpf_insn CallFunction(int over) {
  return MakeInstruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, over);
}
struct bpf_insn Exit() {
  return MakeInstruction(BPF_JMP | BPF_EXIT);
}
Code SetLong(int to, int source = 0, int number = 0) {
  return {MakeInstruction(BPF_LD | BPF_IMM | BPF_DW, to, source, 0, number), MakeInstruction(0)};
}

Code Joined(const std::vector<Code>& parts) {
  Code code;
  for (const Code& part : parts) code.insert(code.end(), part.begin(), part.end());
  return code;
}

std::vector<BasicBlock> Blocks(const Code& code) {
  const absl::StatusOr<std::vector<BasicBlock>> blocks = BasicBlocksOf(code);
  EXPECT_TRUE(blocks.ok()) << blocks.status();
  return blocks.value_or(std::vector<BasicBlock>());
}

std::vector<uint32_t> Firsts(const Code& code) {
  std::vector<uint32_t> firsts;
  uint32_t next = 0;
  for (const BasicBlock& block : Blocks(code)) {
    EXPECT_EQ(block.first, next);
    next += block.count;
    firsts.push_back(block.first);
  }
  EXPECT_EQ(next, code.size());
  return firsts;
}

std::vector<int> FreeRegisters(const Code& code) {
  std::vector<int> registers;
  for (const BasicBlock& block : Blocks(code)) {
    registers.push_back(block.free_register ? *block.free_register : -1);
  }
  return registers;
}

TEST(ControlFlowTest, BlocksBeginBehindJumpsAndWhereTheyLead) {
  EXPECT_THAT(Firsts({Set(0, 1), Exit()}), ElementsAre(0));
  EXPECT_THAT(Firsts({GotoIfZero(1, 1), Set(0, 1), Set(0, 2), Exit()}), ElementsAre(0, 1, 2));
  EXPECT_THAT(Firsts({Set(0, 1), Goto(1), Exit(), Exit()}), ElementsAre(0, 2, 3));
  EXPECT_THAT(Firsts({Set(0, 1), GotoFar(0), Exit()}), ElementsAre(0, 2));
  // A loop.
  EXPECT_THAT(Firsts({Set(0, 1), Add(0, 0), GotoIfZero(0, -2), Exit()}), ElementsAre(0, 1, 3));
}

TEST(ControlFlowTest, BlocksEndWhereTheProgramMay) {
  EXPECT_THAT(Firsts({CallHelper(BPF_FUNC_tail_call), Set(0, 0), Exit()}), ElementsAre(0, 1));
  EXPECT_THAT(Firsts({CallHelper(BPF_FUNC_ktime_get_ns), Set(0, 0), Exit()}), ElementsAre(0));
  EXPECT_THAT(Firsts({MakeInstruction(BPF_LD | BPF_ABS | BPF_B), Set(0, 0), Exit()}), ElementsAre(0, 1));
  EXPECT_THAT(
      Firsts({MakeInstruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 7), Set(0, 0), Exit()}),
      ElementsAre(0, 1));
}

TEST(ControlFlowTest, FunctionsBeginBlocks) {
  EXPECT_THAT(Firsts({CallFunction(1), Exit(), Set(0, 1), Exit()}), ElementsAre(0, 1, 2));
  // A callback's address.
  EXPECT_THAT(Firsts(Joined({SetLong(2, BPF_PSEUDO_FUNC, 2), {Exit()}, {Set(0, 1), Set(0, 2), Exit()}})),
              ElementsAre(0, 3));
  // A number of sixteen bytes that looks the same leads nowhere.
  EXPECT_THAT(Firsts(Joined({SetLong(2, 0, 2), {Exit()}})), ElementsAre(0));
}

TEST(ControlFlowTest, ARegisterIsFreeIfNothingReadsItAnyMore) {
  // r1 is read, r0 written first.
  EXPECT_THAT(FreeRegisters({Copy(0, 1), Exit()}), ElementsAre(0));
  // In the second block r0 is what is answered, r1 is over.
  EXPECT_THAT(FreeRegisters({Copy(0, 1), Goto(0), Exit()}), ElementsAre(0, 1));
  // A call takes r1 to r5, and whatever was in r0 is lost.
  EXPECT_THAT(FreeRegisters({CallHelper(BPF_FUNC_ktime_get_ns), Exit()}), ElementsAre(0));
  // On one of two ways r0 is read.
  EXPECT_THAT(FreeRegisters({GotoIfZero(1, 1), Set(0, 2), Exit()}), ElementsAre(2, 0, 1));
  // What is read around a loop is not free in it.
  EXPECT_THAT(FreeRegisters({Set(0, 0), Set(2, 9), Add(0, 1), GotoIfZero(2, -2), Exit()}),
              ElementsAre(0, 3, 1));
  // An atomic operation may read r0 and write its source.
  EXPECT_THAT(FreeRegisters({MakeInstruction(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_CMPXCHG), Exit()}),
              ElementsAre(3));
  // The second half of a long number writes nothing.
  EXPECT_THAT(FreeRegisters(Joined({SetLong(2), {Exit()}})), ElementsAre(1));
  Code all_read;
  for (int number = BPF_REG_0; number <= BPF_REG_9; ++number) all_read.push_back(Add(0, number));
  all_read.push_back(Exit());
  EXPECT_THAT(FreeRegisters(all_read), ElementsAre(-1));
}

TEST(ControlFlowTest, WhatLeadsNowhereIsNotSupported) {
  for (const Code& code : {Code{Goto(1), Exit()}, Code{Goto(-3), Exit()}, Code{CallFunction(7), Exit()},
                           Code{MakeInstruction(BPF_JMP | BPF_JA | BPF_X, 1), Exit()}}) {
    EXPECT_EQ(base::DetailOf(BasicBlocksOf(code).status()).reason, base::Reason::kUnsupported);
  }
}

TEST(BlockMarksTest, JumpsLeadToTheMarks) {
  // Over one block, back to the first, and to a function.
  const Code code = {GotoIfZero(1, 2), Set(0, 0), CallFunction(2), GotoIfZero(1, -4),
                     Exit(),           Set(0, 1), Exit()};
  const std::vector<BasicBlock> blocks = Blocks(code);
  const absl::StatusOr<MarkedCode> marked = MarkBlocks(code, blocks, {77, 100});
  ASSERT_TRUE(marked.ok()) << marked.status();
  ASSERT_EQ(blocks.size(), 5U);
  ASSERT_EQ(marked->instructions.size(), code.size() + 3 * blocks.size());
  EXPECT_THAT(marked->places, ElementsAre(0, 4, 8, 9, 13, 17, 21, 22));
  EXPECT_EQ(marked->instructions[3].off, 9 - 3 - 1);
  EXPECT_EQ(marked->instructions[8].imm, 17 - 8 - 1);
  EXPECT_EQ(marked->instructions[12].off, 0 - 12 - 1);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const struct bpf_insn* mark = &marked->instructions[marked->places[blocks[i].first]];
    EXPECT_EQ(mark[0].src_reg, BPF_PSEUDO_MAP_VALUE);
    EXPECT_EQ(mark[0].imm, 77);
    EXPECT_EQ(mark[1].imm, 100 + static_cast<int>(i));
    EXPECT_EQ(mark[2].dst_reg, mark[0].dst_reg);
    EXPECT_EQ(mark[2].dst_reg, *blocks[i].free_register);
  }
}

TEST(BlockMarksTest, BlocksWithoutAFreeRegisterHaveNone) {
  const Code code = {Set(0, 0), Exit()};
  const absl::StatusOr<MarkedCode> marked = MarkBlocks(code, {{0, 2, std::nullopt}}, {77, 0});
  ASSERT_TRUE(marked.ok());
  EXPECT_EQ(marked->instructions.size(), 2U);
}

TEST(BlockMarksTest, AJumpThatGetsTooLongIsNotSupported) {
  constexpr int kBlocks = 10'000;
  Code code = {GotoIfZero(1, 2 * kBlocks)};
  for (int i = 0; i < kBlocks; ++i) code.insert(code.end(), {GotoIfZero(1, 1), Set(0, 0)});
  code.insert(code.end(), {Set(0, 0), Exit()});
  const absl::Status status = MarkBlocks(code, Blocks(code), {77, 0}).status();
  EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kUnsupported);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("is too long"));
  // Those with their distance in 32 bits are not.
  code[0] = GotoFar(2 * kBlocks);
  EXPECT_TRUE(MarkBlocks(code, Blocks(code), {77, 0}).ok());
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
