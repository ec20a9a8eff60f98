#include "client/mutate/mutators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/mutate/testing/assembler.h"

namespace bpfrig::client::mutate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MutatorsTest, ChangesBranches) {
  EXPECT_THAT(ChangesOf({Branch(BPF_JEQ, 2)}),
              ElementsAre("`r1 == 2` became `r1 != 2`", "`r1 == 2` was always so", "`r1 == 2` was never so",
                          "`r1 == 2` became `r1 == 3`", "`r1 == 2` became `r1 == 1`"));
  // `>= 7` is the same as `> 6`, which is not made a second time.
  EXPECT_THAT(ChangesOf({Branch(BPF_JGT, 7)}),
              ElementsAre("`r1 > 7` became `r1 <= 7`", "`r1 > 7` was always so", "`r1 > 7` was never so",
                          "`r1 > 7` became `r1 >= 7`", "`r1 > 7` became `r1 > 8`"));
  EXPECT_THAT(ChangesOf({Branch(BPF_JSLT, 7)}),
              ElementsAre("`r1 s< 7` became `r1 s>= 7`", "`r1 s< 7` was always so", "`r1 s< 7` was never so",
                          "`r1 s< 7` became `r1 s<= 7`", "`r1 s< 7` became `r1 s< 6`"));
}

TEST(MutatorsTest, ComparesARegisterWithItselfSoThatBothWaysStayReachable) {
  const auto mutations = MutationsOf(Assembled({Branch(BPF_JEQ, 2, 5)}));
  EXPECT_EQ(mutations[1].code, (Instruction{BPF_JMP | BPF_JEQ | BPF_X, BPF_REG_1, BPF_REG_1, 5, 0}));
  EXPECT_EQ(mutations[2].code, (Instruction{BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_1, 5, 0}));
}

TEST(MutatorsTest, ChangesConstantsAndArithmetic) {
  EXPECT_THAT(ChangesOf({Arithmetic(BPF_MOV, 5)}),
              ElementsAre("`r1 = 5` became `r1 = 6`", "`r1 = 5` became `r1 = 4`"));
  EXPECT_THAT(ChangesOf({Arithmetic(BPF_AND, 15)}),
              ElementsAre("`r1 &= 15` became `r1 |= 15`", "`r1 &= 15` became `r1 &= 16`",
                          "`r1 &= 15` became `r1 &= 14`"));
  EXPECT_THAT(ChangesOf({{BPF_ALU | BPF_NEG, BPF_REG_3, 0, 0, 0}}), ElementsAre("`w3 = -w3` was left out"));
}

TEST(MutatorsTest, LeavesStackAddressesAndExtensionsOfNumbersAlone) {
  const Instruction frame{BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0};
  EXPECT_THAT(MutationsOf(Assembled({frame, Arithmetic(BPF_ADD, -8)})), IsEmpty());
  EXPECT_THAT(MutationsOf(Assembled({Arithmetic(BPF_LSH, 32), Arithmetic(BPF_RSH, 32)})), IsEmpty());
  EXPECT_FALSE(MutationsOf(Assembled({Arithmetic(BPF_LSH, 32), Arithmetic(BPF_RSH, 8)})).empty());
}

TEST(MutatorsTest, LeavesByteSwapsOut) {
  const auto mutations = MutationsOf(Assembled({{BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_2, 0, 0, 16}}));
  ASSERT_EQ(mutations.size(), 1U);
  EXPECT_EQ(mutations[0].what, "the byte swap `r2 = be16 r2` was left out");
  EXPECT_EQ(mutations[0].code.code, BPF_ALU | BPF_END | BPF_TO_LE);
}

TEST(MutatorsTest, ReturnsTheOtherVerdictOfTheType) {
  const std::vector<Instruction> pass = {Arithmetic(BPF_MOV, 1, BPF_REG_0), Exit()};
  EXPECT_THAT(ChangesOf(pass, "cgroup_sock_addr"), ElementsAre("the verdict 1 (allow) became 0 (deny)"));
  EXPECT_THAT(ChangesOf(pass, "sk_msg"), ElementsAre("the verdict SK_PASS became SK_DROP"));
  EXPECT_THAT(ChangesOf(pass, "xdp"), ElementsAre("the verdict XDP_DROP became XDP_PASS"));
  // Through a jump to the end, too; and not if something else comes.
  const Instruction jump{BPF_JMP | BPF_JA, 0, 0, 1, 0};
  EXPECT_THAT(ChangesOf({pass[0], jump, Call(1), Exit()}, "sk_msg"),
              ElementsAre("the verdict SK_PASS became SK_DROP"));
  EXPECT_THAT(ChangesOf({pass[0], Call(1), Exit()}, "sk_msg"),
              ElementsAre("`r0 = 1` became `r0 = 2`", "`r0 = 1` became `r0 = 0`"));
}

TEST(MutatorsTest, LeavesStoresOut) {
  EXPECT_THAT(ChangesOf({{BPF_STX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_2, 8, 0}}),
              ElementsAre("the store `*(u32 *)(r1 + 8) = r2` was left out"));
  EXPECT_THAT(ChangesOf({{BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_1, BPF_REG_2, 0, BPF_ADD}}),
              ElementsAre("an atomic operation was left out"));
}

// What would be there otherwise is anybody's guess.
TEST(MutatorsTest, StoresSomethingElseOnTheStack) {
  EXPECT_THAT(ChangesOf({{BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_2, -8, 0}}),
              ElementsAre("`*(u64 *)(r10 - 8) = r2` became `*(u64 *)(r10 - 8) = -1`"));
  EXPECT_THAT(ChangesOf({Store(3)}), ElementsAre("`*(u32 *)(r10 - 8) = 3` became `*(u32 *)(r10 - 8) = 4`",
                                                 "`*(u32 *)(r10 - 8) = 3` became `*(u32 *)(r10 - 8) = 2`"));
}

TEST(MutatorsTest, AnswersForHelpers) {
  EXPECT_THAT(ChangesOf({Call(BPF_FUNC_map_lookup_elem)}),
              ElementsAre("bpf_map_lookup_elem answered 0 and was not called",
                          "bpf_map_lookup_elem answered an error and was not called"));
  EXPECT_THAT(ChangesOf({Call(BPF_FUNC_map_update_elem)}), ElementsAre("bpf_map_update_elem was skipped"));
  EXPECT_THAT(ChangesOf({Call(BPF_FUNC_tail_call)}), ElementsAre("bpf_tail_call was skipped"));
  EXPECT_THAT(ChangesOf({Call(BPF_FUNC_ringbuf_submit)}),
              ElementsAre("the record was discarded, not submitted"));
  EXPECT_THAT(ChangesOf({Call(BPF_FUNC_sk_release)}), IsEmpty());
  EXPECT_EQ(HelperName(99999), "helper 99999");
}

TEST(MutatorsTest, LeavesAloneWhatARelocationFilledIn) {
  auto listed = Listed({Arithmetic(BPF_MOV, 5), Arithmetic(BPF_MOV, 6)});
  listed.add_relocated(0);
  const auto mutations = MutationsOf(Program(listed, ""));
  ASSERT_EQ(mutations.size(), 2U);
  EXPECT_EQ(mutations[0].instruction, 1U);
}

TEST(MutatorsTest, LeavesAloneWhatNoLineExplainsIfOthersHaveOne) {
  auto listed = Listed({Arithmetic(BPF_MOV, 5), Arithmetic(BPF_MOV, 6)});
  listed.mutable_lines(0)->set_line(0);
  EXPECT_EQ(MutationsOf(Program(listed, "")).size(), 2U);
  listed.clear_lines();
  const Program unknown(listed, "");
  EXPECT_EQ(MutationsOf(unknown).size(), 4U);
  EXPECT_FALSE(unknown.PlaceOf(0).IsKnown());
}

TEST(ProgramTest, KnowsFunctionAndLineOfEachInstruction) {
  auto listed = Listed({Exit(), Exit(), Exit(), Exit()});
  // Its line holds for the next two, but not beyond its function.
  listed.mutable_lines()->DeleteSubrange(1, 3);
  auto* function = listed.add_functions();
  function->set_instruction(3);
  function->set_name("helper");
  const Program program(listed, "");
  EXPECT_EQ(program.PlaceOf(2).line, 1U);
  EXPECT_EQ(program.PlaceOf(2).text, "line 1");
  EXPECT_EQ(program.PlaceOf(2).function, "prog");
  EXPECT_EQ(program.PlaceOf(3).function, "helper");
  EXPECT_FALSE(program.PlaceOf(3).IsKnown());
}

}  // namespace
}  // namespace bpfrig::client::mutate
