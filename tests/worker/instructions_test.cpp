// ListInstructions, and LoadProgram with instructions replaced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/bpf_elf.h"
#include "tests/support/bpf_features.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InstructionsTest : public WorkerRootTest {
 protected:
  void Load(const std::string& name, const std::string& more = "") {
    const CallResult result = worker_.Load(TestObject(name), more);
    ASSERT_TRUE(result.ok() && result.reply().load_program().has_loaded())
        << result.Text() << result.reply().ShortDebugString();
  }

  std::vector<v1::ProgramInstructions> List(const std::string& request) {
    const CallResult result = Run("list_instructions { " + request + " }");
    EXPECT_TRUE(result.ok()) << result.Text();
    std::vector<v1::ProgramInstructions> programs;
    for (const auto& reply : result.replies) programs.push_back(reply.list_instructions().program());
    return programs;
  }
};

std::vector<std::string> NamesOf(const std::vector<v1::ProgramInstructions>& programs) {
  std::vector<std::string> names;
  for (const v1::ProgramInstructions& program : programs) names.push_back(program.program());
  return names;
}

std::vector<struct bpf_insn> Decode(const std::string& bytes) {
  std::vector<struct bpf_insn> instructions(bytes.size() / sizeof(struct bpf_insn));
  std::memcpy(instructions.data(), bytes.data(), instructions.size() * sizeof(struct bpf_insn));
  return instructions;
}

// A field of LoadProgram's.
std::string Replacement(const std::string& program, size_t index, const std::string& code) {
  return absl::StrCat("replacements { program: \"", program, "\" instruction: ", index, " code: \"",
                      absl::CEscape(code), "\" } ");
}

TEST_F(InstructionsTest, ListsAllProgramsOrThoseThatWereNamed) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  Load("parts");
  EXPECT_THAT(NamesOf(List(R"(object: "parts")")), ElementsAre("first", "second", "third", "frame"));
  EXPECT_THAT(NamesOf(List(R"(object: "parts" programs: ["frame", "first"])")),
              ElementsAre("frame", "first"));
}

TEST_F(InstructionsTest, TellsFunctionsAndSourceLines) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  Load("parts");
  const v1::ProgramInstructions program = List(R"(object: "parts" programs: "second")").at(0);
  const size_t count = Decode(program.instructions()).size();
  ASSERT_EQ(program.functions_size(), 4);
  EXPECT_EQ(program.functions(0).name(), "second");
  EXPECT_EQ(program.functions(0).instruction(), 0u);
  EXPECT_EQ(program.functions(1).name(), "global_function");
  EXPECT_EQ(program.functions(2).name(), "twice");
  EXPECT_EQ(program.functions(3).name(), "type_of_task");
  EXPECT_LT(program.functions(3).instruction(), count);
  const auto line =
      std::find_if(program.lines().begin(), program.lines().end(), [](const v1::SourceLine& candidate) {
        return absl::StrContains(candidate.text(), "LINUX_KERNEL_VERSION < 0x50000");
      });
  ASSERT_NE(line, program.lines().end());
  EXPECT_THAT(line->file(), HasSubstr("tests/objects/parts.bpf.c"));
  EXPECT_GT(line->line(), 60u);
  EXPECT_GT(line->column(), 1u);
  EXPECT_LT(line->instruction(), program.functions(1).instruction());
  EXPECT_FALSE(program.relocated().empty());
}

TEST_F(InstructionsTest, KnowsNoLinesOfAnObjectWithoutBtf) {
  Load("noop_no_btf");
  const v1::ProgramInstructions program = List(R"(object: "noop_no_btf" programs: "noop_connect4")").at(0);
  EXPECT_EQ(Decode(program.instructions()).size(), 2u);
  EXPECT_EQ(program.functions_size(), 1);
  EXPECT_THAT(program.lines(), IsEmpty());
}

TEST_F(InstructionsTest, TellsWhatRanIfThatIsRecorded) {
  Load("parts", "record_executed: true");
  const auto count_that_ran = [&] {
    const v1::ProgramInstructions program = List(R"(object: "parts" programs: "frame")").at(0);
    EXPECT_EQ(program.blocks(0).instruction(), 0u);
    return std::count_if(program.blocks().begin(), program.blocks().end(),
                         [](const v1::BasicBlock& block) { return block.executed(); });
  };
  EXPECT_EQ(count_that_ran(), 0);
  ASSERT_TRUE(Run(R"(run_program { program: "frame" data: "12345678901234" })").ok());
  EXPECT_GT(count_that_ran(), 1);
}

TEST_F(InstructionsTest, KnowsNothingOfWhatRanOtherwise) {
  Load("parts");
  EXPECT_THAT(List(R"(object: "parts" programs: "frame")").at(0).blocks(), IsEmpty());
}

TEST_F(InstructionsTest, NamesWhatIsNotThere) {
  Load("optional_programs", R"(programs { program: "always" })");
  ASSERT_TRUE(worker_.Load(TestObject("noop"), "types_only: true", "types").ok());
  const CallResult object = Run(R"(list_instructions { object: "optional" })");
  EXPECT_EQ(object.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << object.Text();
  EXPECT_EQ(object.field(), "object");
  EXPECT_THAT(object.finished.message(), HasSubstr("optional_programs"));
  const CallResult types = Run(R"(list_instructions { object: "types" })");
  EXPECT_EQ(types.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << types.Text();
  EXPECT_THAT(types.finished.message(), HasSubstr("for its types alone"));
  const CallResult program =
      Run(R"(list_instructions { object: "optional_programs" programs: ["always", "refuse"] })");
  EXPECT_EQ(program.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << program.Text();
  EXPECT_EQ(program.field(), "programs[1]");
  EXPECT_THAT(program.finished.message(), HasSubstr("not selected"));
  EXPECT_THAT(program.replies, IsEmpty()) << "nothing is listed if not all can be";
  const CallResult twice =
      Run(R"(list_instructions { object: "optional_programs" programs: ["always", "always"] })");
  EXPECT_EQ(twice.reason(), v1::ERROR_REASON_DUPLICATE_NAME) << twice.Text();
  EXPECT_EQ(twice.field(), "programs[1]");
}

// A message of each part, none of which is too long for the front to hold.
TEST_F(InstructionsTest, ALongProgramComesInSeveralMessages) {
  constexpr size_t kCount = 50000;
  std::vector<struct bpf_insn> instructions;
  for (size_t i = 0; i < kCount - 1; ++i) instructions.push_back(SetRegister(0, static_cast<int32_t>(i)));
  instructions.push_back(Exit());
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "long.bpf.o";
  std::ofstream(path, std::ios::binary) << MakeBpfElf("xdp", instructions);
  const CallResult loaded = worker_.Load(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.Text();
  const std::vector<v1::ProgramInstructions> parts = List(R"(object: "long")");
  EXPECT_GT(parts.size(), 1u);
  std::string all;
  for (const v1::ProgramInstructions& part : parts) {
    EXPECT_EQ(part.program(), "prog");
    EXPECT_LE(part.ByteSizeLong(), 300u << 10);
    all += part.instructions();
  }
  ASSERT_EQ(all.size(), kCount * sizeof(struct bpf_insn));
  EXPECT_EQ(std::memcmp(all.data(), instructions.data(), all.size()), 0);
  int functions = 0;
  for (const v1::ProgramInstructions& part : parts) functions += part.functions_size();
  EXPECT_EQ(functions, 1);
}

// The stream of an object that has maps alone.
TEST_F(InstructionsTest, AnObjectWithoutProgramsHasNone) {
  Load("pinned_narrow");
  EXPECT_THAT(List(R"(object: "pinned_narrow")"), IsEmpty());
}

// A verdict turned round: the connect that was let through is refused.
TEST_F(InstructionsTest, AReplacedVerdictIsTheOneThatCounts) {
  BPFRIG_EXPECT_RUNS(R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } })");
  Load("noop");
  const std::string code = List(R"(object: "noop" programs: "noop_connect4")").at(0).instructions();
  struct bpf_insn verdict = Decode(code).at(0);
  ASSERT_EQ(verdict.imm, 1);
  verdict.imm = 0;
  const std::string changed(reinterpret_cast<const char*>(&verdict), sizeof(verdict));
  const CallResult loaded = worker_.Load(
      TestObject("noop"), Replacement("noop_connect4", 0, changed) + R"(attach { program: "noop_connect4" })",
      "mutant");
  ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.Text();
  const CallResult refused = Run(R"(connect { to { address: "10.96.0.1" port: 80 } })");
  EXPECT_EQ(refused.reply().connect().errno_name(), "EPERM") << refused.Text();
  EXPECT_EQ(List(R"(object: "mutant" programs: "noop_connect4")").at(0).instructions(),
            changed + code.substr(8));
}

TEST_F(InstructionsTest, NamesTheReplacementThatCannotBe) {
  const std::string code(8, '\0');
  const CallResult unknown =
      worker_.Load(TestObject("noop"), Replacement("noop_connect4", 0, code) + Replacement("none", 0, code));
  EXPECT_EQ(unknown.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << unknown.Text();
  EXPECT_EQ(unknown.field(), "replacements[1].program");
  const CallResult beyond = worker_.Load(TestObject("noop"), Replacement("noop_connect4", 2, code));
  EXPECT_EQ(beyond.reason(), v1::ERROR_REASON_OUT_OF_RANGE) << beyond.Text();
  EXPECT_EQ(beyond.field(), "replacements[0].instruction");
  const CallResult odd = worker_.Load(TestObject("noop"), Replacement("noop_connect4", 0, "1234567"));
  EXPECT_EQ(odd.reason(), v1::ERROR_REASON_INVALID_FIELD) << odd.Text();
  EXPECT_EQ(odd.field(), "replacements[0].code");
  EXPECT_TRUE(worker_.Load(TestObject("noop")).ok()) << "the name is free";
}

}  // namespace
}  // namespace bpfrig::tests
