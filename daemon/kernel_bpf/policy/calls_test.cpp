#include "daemon/kernel_bpf/policy/calls.h"

#include <gmock/gmock.h>

namespace bpfrig::kernel_bpf {
namespace {

bpf_insn Instruction(int code, uint8_t source, int16_t offset, int32_t value) {
  bpf_insn instruction{};
  instruction.code = static_cast<uint8_t>(code);
  instruction.src_reg = source & 0xf;
  instruction.off = offset;
  instruction.imm = value;
  return instruction;
}

constexpr int kCall = BPF_JMP | BPF_CALL;

TEST(CallsTest, FindsHelpersAndKfuncsOnceEach) {
  const std::vector<Call> calls = CallsIn(
      {Instruction(kCall, 0, 0, BPF_FUNC_map_lookup_elem), Instruction(kCall, BPF_PSEUDO_KFUNC_CALL, 0, 4711),
       Instruction(kCall, 0, 0, BPF_FUNC_map_lookup_elem), Instruction(kCall, 2, 3, 4711)});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].kind, Call::Kind::kHelper);
  EXPECT_EQ(calls[0].id, BPF_FUNC_map_lookup_elem);
  EXPECT_EQ(calls[1].kind, Call::Kind::kKfunc);
  EXPECT_EQ(calls[1].id, 4711);
  EXPECT_EQ(calls[1].module, 0);
  EXPECT_EQ(calls[2].module, 3);
}

TEST(CallsTest, LeavesOutCallsWithinTheProgramAndOtherInstructions) {
  EXPECT_TRUE(
      CallsIn({Instruction(kCall, BPF_PSEUDO_CALL, 0, 5), Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0),
               Instruction(BPF_JMP | BPF_CALL | BPF_X, 0, 0, 0), Instruction(BPF_ALU64 | BPF_MOV, 0, 0, 109)})
          .empty());
}

TEST(CallsTest, LeavesOutWhatLibbpfPutsForWhatTheKernelLacks) {
  EXPECT_TRUE(CallsIn({Instruction(kCall, 0, 0, 0xbad2310), Instruction(kCall, 0, 0, 2001000000),
                       Instruction(kCall, BPF_PSEUDO_KFUNC_CALL, 0, 0)})
                  .empty());
}

TEST(CallsTest, ReportsACallOfAnUnknownKindAndANegativeNumber) {
  const std::vector<Call> calls = CallsIn({Instruction(kCall, 7, 0, 1), Instruction(kCall, 0, 0, -1),
                                           Instruction(BPF_JMP32 | BPF_CALL, 0, 0, 109)});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].kind, Call::Kind::kOther);
  EXPECT_EQ(calls[1].id, -1);
  EXPECT_EQ(calls[2].id, 109);
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
