// Loading objects so that they record which of their instructions run: that the kernel takes them, that they
// do the same, and that what ran is told apart from what did not.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "daemon/base/status.h"
#include "tests/kernel/kernel_bpf_fixture.h"
#include "tests/support/bpf_elf.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

ObjectSpec Recorded(ObjectSpec spec) {
  spec.record_executed = true;
  return spec;
}

InstructionList List(const BpfObject& object, const std::string& program) {
  absl::StatusOr<InstructionList> list = object.ListInstructions(program);
  EXPECT_TRUE(list.ok()) << list.status();
  return list.ok() ? *std::move(list) : InstructionList();
}

// The texts of source lines of which an instruction ran.
std::set<std::string> LinesThatRan(const BpfObject& object, const std::string& program) {
  const InstructionList list = List(object, program);
  EXPECT_FALSE(list.blocks.empty());
  std::set<std::string> lines;
  for (const RecordedBlock& block : list.blocks) {
    for (uint32_t i = block.first; block.executed && i < block.first + block.count; ++i) {
      const SourceLine* line = nullptr;
      for (const SourceLine& one : list.lines) {
        if (one.instruction <= i) line = &one;
      }
      if (line != nullptr) lines.insert(std::string(line->text));
    }
  }
  return lines;
}

size_t CountOfUnexecuted(const BpfObject& object, const std::string& program) {
  const InstructionList list = List(object, program);
  EXPECT_FALSE(list.blocks.empty());
  return std::count_if(list.blocks.begin(), list.blocks.end(),
                       [](const RecordedBlock& block) { return !block.executed; });
}

TEST(KernelBpfExecutedTest, TellsWhatRanFromWhatDidNot) {
  TestSpec test("parts");
  const BpfObject object = MustLoad(Recorded(test.spec));
  EXPECT_THAT(LinesThatRan(object, "frame"), IsEmpty());
  // A frame of 60 bytes jumps over the verdict of others.
  EXPECT_EQ(VerdictOn(object, "frame", 60), static_cast<uint32_t>(XDP_DROP));
  EXPECT_THAT(LinesThatRan(object, "frame"), Not(IsEmpty()));
  EXPECT_EQ(CountOfUnexecuted(object, "frame"), 1U);
  EXPECT_EQ(VerdictOn(object, "frame", 64), static_cast<uint32_t>(XDP_PASS));
  EXPECT_EQ(CountOfUnexecuted(object, "frame"), 0U);
  // Another program of the object has not run.
  EXPECT_THAT(LinesThatRan(object, "third"), IsEmpty());
}

TEST(KernelBpfExecutedTest, FunctionsAndLoopsAreRecorded) {
  TestSpec test("mutants");
  const BpfObject object = MustLoad(Recorded(test.spec));
  EXPECT_EQ(VerdictOn(object, "mutants", 64), 0U);
  const std::set<std::string> lines = LinesThatRan(object, "mutants");
  EXPECT_THAT(lines, Contains("  return sum + 11;  // subprogram"));
  EXPECT_THAT(lines, Contains("  return number | 0x100;  // inlined"));
  // The deletion.
  EXPECT_EQ(CountOfUnexecuted(object, "mutants"), 1U);
}

// What is behind a tail call that leads somewhere does not run.
TEST(KernelBpfExecutedTest, ProgramsEnteredByTailCallAreRecorded) {
  TestSpec test("mutants");
  const BpfObject object = MustLoad(Recorded(test.spec));
  EXPECT_EQ(VerdictOn(object, "chained", 64), 2U);  // TC_ACT_SHOT
  EXPECT_THAT(LinesThatRan(object, "chained"), Contains("  return TC_ACT_SHOT;"));
  const BpfObject again = MustLoad(Recorded(test.spec));
  const uint32_t key = 0;
  const int target = again.FindProgram("third")->fd();
  ASSERT_EQ(bpf_map_update_elem(again.FindMap("next")->fd(), &key, &target, BPF_ANY), 0);
  EXPECT_EQ(VerdictOn(again, "chained", 64), 0U);
  EXPECT_THAT(LinesThatRan(again, "chained"), Not(Contains("  return TC_ACT_SHOT;")));
  EXPECT_THAT(LinesThatRan(again, "third"), Contains("  skb->priority = 3;  // third"));
  ASSERT_EQ(bpf_map_delete_elem(again.FindMap("next")->fd(), &key), 0);
}

// Callbacks and a function of two programs among them.
TEST(KernelBpfExecutedTest, ListsTheProgramAsItWouldBeWithoutIt) {
  TestSpec test("parts");
  const BpfObject plain = MustLoad(test.spec);
  const BpfObject recorded = MustLoad(Recorded(test.spec));
  for (const char* program : {"first", "second", "third", "frame"}) {
    const InstructionList expected = List(plain, program);
    const InstructionList actual = List(recorded, program);
    EXPECT_THAT(expected.blocks, IsEmpty());
    EXPECT_EQ(actual.instructions.size(), expected.instructions.size()) << program;
    EXPECT_EQ(actual.relocated, expected.relocated) << program;
    EXPECT_EQ(actual.lines.size(), expected.lines.size()) << program;
    uint32_t next = 0;
    for (const RecordedBlock& block : actual.blocks) {
      EXPECT_EQ(block.first, next) << program;
      next = block.first + block.count;
    }
    EXPECT_EQ(next, actual.instructions.size()) << program;
  }
}

TEST(KernelBpfExecutedTest, StandsBesideProgramsThatDoNothing) {
  TestSpec test("parts");
  test.spec.inert_programs = {"second"};
  const BpfObject object = MustLoad(Recorded(test.spec));
  EXPECT_THAT(List(object, "second").blocks, IsEmpty());
  EXPECT_THAT(List(object, "third").blocks, Not(IsEmpty()));
}

// Whatever the kernel takes, it takes with the marks in it.
TEST(KernelBpfExecutedTest, EveryShippedObjectLoadsWithIt) {
  size_t programs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BPFRIG_BPF_OBJECTS)) {
    if (!entry.path().string().ends_with(".bpf.o")) continue;
    const std::string elf = ReadFile(entry.path());
    // Some need settings that only their plans have.
    const absl::StatusOr<LoadOutcome> plain = BpfObject::Load(SpecOf(elf));
    if (!plain.ok() || !std::holds_alternative<BpfObject>(*plain)) continue;
    const BpfObject object = MustLoad(Recorded(SpecOf(elf)));
    for (const Program& program : object.programs()) {
      ++programs;
      EXPECT_THAT(List(object, program.name()).blocks, Not(IsEmpty())) << entry.path();
    }
  }
  EXPECT_GE(programs, 10U);
}

TEST(KernelBpfExecutedTest, ItsMapIsCountedWithTheObjects) {
  TestSpec test("parts");
  uint64_t plain = 0;
  uint64_t recorded = 0;
  const auto sum_to = [](uint64_t& sum) {
    return [&sum](const std::vector<MapCost>& costs) {
      for (const MapCost& cost : costs) sum += cost.bytes;
      return absl::OkStatus();
    };
  };
  test.spec.admit_maps = sum_to(plain);
  MustLoad(test.spec);
  test.spec.admit_maps = sum_to(recorded);
  MustLoad(Recorded(test.spec));
  EXPECT_GT(recorded, plain);
}

TEST(KernelBpfExecutedTest, WhatCannotBeRecordedIsSaid) {
  const std::string elf =
      tests::MakeBpfElf("tc", {tests::SkipIfZero(1, 5), tests::SetRegister(0, 0), tests::Exit()});
  const absl::Status status = BpfObject::Load(Recorded(SpecOf(elf))).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnsupported) << status;
  EXPECT_EQ(DetailOf(status).field, "record_executed");
  EXPECT_EQ(DetailOf(status).object, "prog");
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
