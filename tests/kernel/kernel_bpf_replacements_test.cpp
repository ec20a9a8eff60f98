// Loading an object with some of its instructions replaced: that the kernel has the new ones where they were
// wanted and nowhere else, that they are judged, and what may not be replaced.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "daemon/base/status.h"
#include "tests/kernel/kernel_bpf_fixture.h"
#include "tests/support/bpf_elf.h"
#include "tests/support/bpf_features.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;
using Instructions = std::vector<struct bpf_insn>;

constexpr uint32_t kDrop = 1;  // XDP_DROP
constexpr uint32_t kPass = 2;
constexpr size_t kDroppedSize = 60;  // by parts.bpf.c
// bpf_sys_bpf, which no list allows.
constexpr int32_t kForbiddenHelper = 166;

// With zeroes for those that are relocated: two loads of an object have maps of different numbers.
Instructions InstructionsOf(const BpfObject& object, const std::string& program) {
  const absl::StatusOr<InstructionList> list = object.ListInstructions(program);
  EXPECT_TRUE(list.ok()) << list.status();
  if (!list.ok()) return {};
  Instructions instructions(list->instructions.begin(), list->instructions.end());
  for (const uint32_t index : list->relocated) instructions[index] = {};
  return instructions;
}

std::string BytesOf(const struct bpf_insn& instruction) {
  return {reinterpret_cast<const char*>(&instruction), sizeof(instruction)};
}

std::vector<uint32_t> Differences(const Instructions& a, const Instructions& b) {
  EXPECT_EQ(a.size(), b.size());
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (BytesOf(a[i]) != BytesOf(b[i])) places.push_back(i);
  }
  return places;
}

// The first from `begin` on that is so.
uint32_t Find(const Instructions& instructions, const std::function<bool(const struct bpf_insn&)>& is_so,
              uint32_t begin = 0) {
  for (uint32_t i = begin; i < instructions.size(); ++i) {
    if (is_so(instructions[i])) return i;
  }
  ADD_FAILURE() << "there is no such instruction";
  return 0;
}

uint32_t FindNumber(const Instructions& instructions, int32_t number, uint32_t begin = 0) {
  return Find(
      instructions,
      [&](const struct bpf_insn& instruction) {
        const int type = BPF_CLASS(instruction.code);
        return (type == BPF_JMP || type == BPF_JMP32 || type == BPF_ALU || type == BPF_ALU64) &&
               BPF_SRC(instruction.code) == BPF_K && instruction.src_reg == 0 && instruction.imm == number &&
               instruction.code != (BPF_JMP | BPF_EXIT);
      },
      begin);
}

InstructionReplacement WithNumber(const std::string& program, const Instructions& instructions,
                                  uint32_t index, int32_t number) {
  struct bpf_insn changed = instructions[index];
  changed.imm = number;
  return {program, index, BytesOf(changed)};
}

TEST(KernelBpfReplacementsTest, TheKernelRunsTheNewInstruction) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  TestSpec test("parts");
  const BpfObject whole = MustLoad(test.spec);
  EXPECT_EQ(VerdictOn(whole, "frame", kDroppedSize), kDrop);
  const Instructions before = InstructionsOf(whole, "frame");
  const uint32_t index = FindNumber(before, kDroppedSize);
  test.spec.replacements = {WithNumber("frame", before, index, kDroppedSize + 1)};
  const BpfObject changed = MustLoad(test.spec);
  EXPECT_EQ(VerdictOn(changed, "frame", kDroppedSize), kPass);
  EXPECT_EQ(VerdictOn(changed, "frame", kDroppedSize + 1), kDrop);
  EXPECT_EQ(Differences(before, InstructionsOf(changed, "frame")), std::vector<uint32_t>{index});
  EXPECT_EQ(changed.ListInstructions("frame")->lines.size(), whole.ListInstructions("frame")->lines.size());
  EXPECT_EQ(changed.ListInstructions("frame")->relocated, whole.ListInstructions("frame")->relocated);
  // Nothing of it stays.
  test.spec.replacements.clear();
  EXPECT_EQ(VerdictOn(MustLoad(test.spec), "frame", kDroppedSize), kDrop);
}

// Two programs have the function; only one of them is changed.
TEST(KernelBpfReplacementsTest, AFunctionIsReplacedInOneProgramAlone) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  TestSpec test("parts");
  const BpfObject whole = MustLoad(test.spec);
  const InstructionList list = whole.ListInstructions("first").value();
  const auto function =
      std::find_if(list.functions.begin(), list.functions.end(),
                   [](const FunctionStart& start) { return start.name == "global_function"; });
  ASSERT_NE(function, list.functions.end());
  const Instructions before = InstructionsOf(whole, "first");
  const uint32_t index = FindNumber(before, 1, function->instruction);
  test.spec.replacements = {WithNumber("first", before, index, 2)};
  const BpfObject changed = MustLoad(test.spec);
  EXPECT_EQ(Differences(before, InstructionsOf(changed, "first")), std::vector<uint32_t>{index});
  EXPECT_TRUE(Differences(InstructionsOf(whole, "second"), InstructionsOf(changed, "second")).empty());
}

// All of one section, which has one hook.
TEST(KernelBpfReplacementsTest, StandsBesideProgramsThatDoNothing) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  TestSpec test("parts");
  const Instructions before = InstructionsOf(MustLoad(test.spec), "third");
  const uint32_t index =
      Find(before, [](const struct bpf_insn& instruction) { return BPF_OP(instruction.code) == BPF_JNE; });
  struct bpf_insn changed = before[index];
  changed.code = static_cast<uint8_t>(BPF_JEQ | (changed.code & ~0xf0));
  test.spec.replacements = {{"third", index, BytesOf(changed)}};
  test.spec.inert_programs = {"second"};
  const BpfObject object = MustLoad(test.spec);
  EXPECT_EQ(Differences(before, InstructionsOf(object, "third")), std::vector<uint32_t>{index});
  const InstructionList inert = object.ListInstructions("second").value();
  EXPECT_EQ(inert.instructions.size(), 2U);
  EXPECT_TRUE(inert.functions.empty() && inert.lines.empty() && inert.relocated.empty());
}

// Of programs whose type the caller chooses, too.
TEST(KernelBpfReplacementsTest, ReplacesInAProgramOfAChosenType) {
  TestSpec test("unknown_section");
  test.spec.programs = {{"redirect", "cgroup/connect4"}};
  const Instructions before = InstructionsOf(MustLoad(test.spec), "redirect");
  const auto last = static_cast<uint32_t>(before.size() - 2);
  ASSERT_EQ(before[last].code, BPF_ALU64 | BPF_MOV | BPF_K) << "the verdict";
  test.spec.replacements = {WithNumber("redirect", before, last, 0)};
  const Instructions after = InstructionsOf(MustLoad(test.spec), "redirect");
  EXPECT_EQ(Differences(before, after), std::vector<uint32_t>{last});
}

TEST(KernelBpfReplacementsTest, WhatTheVerifierRefusesIsAnAnswer) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  TestSpec test("parts");
  test.spec.replacements = {{"third", 0, BytesOf(tests::CopyRegister(3, 7))}};
  const Rejected rejected = LoadRefused(test.spec);
  EXPECT_EQ(rejected.program, "third");
  EXPECT_EQ(rejected.errno_name, "EACCES");
  EXPECT_THAT(rejected.log, HasSubstr("R7 !read_ok"));
  // The log's source lines are those of the object still.
  EXPECT_THAT(rejected.log, HasSubstr("third"));
}

TEST(KernelBpfReplacementsTest, JudgesWhatReplacementsCall) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  TestSpec test("parts");
  test.spec.replacements = {{"third", 0, BytesOf(tests::SetRegister(0, 0))},
                            {"frame", 1, BytesOf(tests::CallHelper(kForbiddenHelper))}};
  const absl::Status helper = BpfObject::Load(test.spec).status();
  EXPECT_EQ(DetailOf(helper).reason, Reason::kNotAllowed) << helper;
  EXPECT_EQ(DetailOf(helper).field, "replacements[1].code");
  EXPECT_EQ(DetailOf(helper).object, "frame");
  EXPECT_THAT(std::string(helper.message()), HasSubstr("bpf_sys_bpf"));
  test.spec.replacements = {{"frame", 1, BytesOf(tests::CallKfunc(1, 1))}};
  EXPECT_EQ(DetailOf(BpfObject::Load(test.spec).status()).field, "replacements[0].code");
}

// What the object itself calls is not blamed on a replacement.
TEST(KernelBpfReplacementsTest, JudgesTheRestOfTheObjectAsBefore) {
  const std::string elf =
      tests::MakeBpfElf("tc", {tests::CallHelper(kForbiddenHelper), tests::SetRegister(0, 0), tests::Exit()});
  ObjectSpec spec;
  spec.name = "forbidden";
  spec.elf = elf;
  spec.replacements = {{"prog", 1, BytesOf(tests::SetRegister(0, 1))}};
  const absl::Status status = BpfObject::Load(spec).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kNotAllowed);
  EXPECT_EQ(DetailOf(status).field, "object");
}

struct Mistake {
  InstructionReplacement replacement;
  Reason reason;
  const char* field;
  const char* says;
};

TEST(KernelBpfReplacementsTest, NamesTheFieldAndTheRemedyOfEveryMistake) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  TestSpec test("parts");
  const BpfObject whole = MustLoad(test.spec);
  const auto count = static_cast<uint32_t>(InstructionsOf(whole, "frame").size());
  const std::vector<uint32_t> relocated = whole.ListInstructions("first")->relocated;
  ASSERT_FALSE(relocated.empty());
  const std::string code = BytesOf(tests::SetRegister(0, 1));
  const Mistake kMistakes[] = {
      {{"fram", 0, code}, Reason::kUnknownName, "program", "it has frame"},
      {{"twice", 0, code}, Reason::kUnknownName, "program", "no such program"},
      {{"frame", count, code}, Reason::kOutOfRange, "instruction", "the first is number 0"},
      {{"frame", 0, code + "x"}, Reason::kInvalidField, "code", "8 bytes, and not 9"},
      {{"first", relocated.front(), code}, Reason::kInvalidField, "instruction", "a relocation filled it in"},
      {{"first", relocated.back(), code}, Reason::kInvalidField, "instruction", "a relocation filled it in"},
      {{"second", 0, code}, Reason::kInvalidField, "program", "does nothing"},
      {{"third", 0, code}, Reason::kInvalidField, "program", "not loaded"},
      {{"frame", 1, code}, Reason::kInvalidField, "instruction", "another replacement"}};
  test.spec.programs_except = {"third"};
  test.spec.inert_programs = {"second"};
  for (const Mistake& mistake : kMistakes) {
    SCOPED_TRACE(mistake.says);
    test.spec.replacements = {{"frame", 1, code}, mistake.replacement};
    const absl::Status status = BpfObject::Load(test.spec).status();
    EXPECT_EQ(DetailOf(status).reason, mistake.reason) << status;
    EXPECT_EQ(DetailOf(status).field, std::string("replacements[1].") + mistake.field);
    EXPECT_EQ(DetailOf(status).object, mistake.replacement.program);
    EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.says));
    EXPECT_TRUE(!DetailOf(status).hint.empty() || mistake.reason == Reason::kInvalidField) << status;
  }
}

// Libbpf prepares these by a hook whose place that of the rig would take.
TEST(KernelBpfReplacementsTest, LeavesProgramsAloneThatLibbpfPrepares) {
  const std::string elf =
      tests::MakeBpfElf("fentry/tcp_v4_connect", {tests::SetRegister(0, 0), tests::Exit()});
  ObjectSpec spec;
  spec.name = "traced";
  spec.elf = elf;
  spec.policy = LoadPolicy::AllowingChecked({"program-type:tracing"});
  spec.replacements = {{"prog", 0, BytesOf(tests::SetRegister(0, 0))}};
  const absl::Status status = BpfObject::Load(spec).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnsupported) << status;
  EXPECT_EQ(DetailOf(status).field, "replacements");
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
