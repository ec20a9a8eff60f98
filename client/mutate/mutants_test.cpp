// What is chosen, in which order tests meet it, and what is printed.
#include "client/mutate/mutants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "client/mutate/equivalents.h"
#include "client/mutate/json_report.h"
#include "client/mutate/kill_order.h"
#include "client/mutate/resume.h"
#include "client/mutate/selection.h"
#include "client/mutate/testing/assembler.h"
#include "client/mutate/text_report.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::mutate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Record FourConstants() {
  Record record = RecordOf(
      {Arithmetic(BPF_MOV, 5), Arithmetic(BPF_MOV, 6), Arithmetic(BPF_MOV, 7), Arithmetic(BPF_MOV, 8)});
  record.mutants.clear();
  return record;
}

std::vector<uint32_t> InstructionsOf(const Record& record) {
  std::vector<uint32_t> instructions;
  for (const Mutant& mutant : record.mutants) instructions.push_back(mutant.mutation.instruction);
  return instructions;
}

Selection OfLines(const std::string& text) {
  Selection selection;
  selection.lines.push_back(ParseLines(text).value());
  return selection;
}

TEST(SelectionTest, TakesLinesOfAFile) {
  Record record = FourConstants();
  ASSERT_TRUE(SelectMutants(OfLines("prog.c:2-3"), record).ok());
  EXPECT_THAT(InstructionsOf(record), ElementsAre(1, 1, 2, 2));
  record.mutants.clear();
  EXPECT_THAT(SelectMutants(OfLines("og.c:2-3"), record).message(), HasSubstr("nothing to mutate"));
}

TEST(SelectionTest, TakesLinesThatChanged) {
  Record record = FourConstants();
  Selection selection;
  // The object has a part of the path, or the path a part of the object's.
  selection.changed = {{"repository/src/prog.c", 2, 2}, {"prog.c", 4, 9}, {"other.c", 1, 9}};
  ASSERT_TRUE(SelectMutants(selection, record).ok());
  EXPECT_THAT(InstructionsOf(record), ElementsAre(1, 1, 3, 3));
  record.mutants.clear();
  selection.lines.push_back({"prog.c", 1, 2});
  ASSERT_TRUE(SelectMutants(selection, record).ok());
  EXPECT_THAT(InstructionsOf(record), ElementsAre(1, 1));
  record.mutants.clear();
  selection.changed->clear();
  EXPECT_TRUE(absl::IsNotFound(SelectMutants(selection, record)));
}

TEST(SelectionTest, SaysWhatALineRangeIs) {
  for (const std::string text : {"x", ":3", "a.c:", "a.c:0", "a.c:4-3", "a.c:1-2-3"}) {
    EXPECT_THAT(ParseLines(text).status().message(), HasSubstr("FILE:FIRST-LAST")) << text;
  }
}

TEST(SelectionTest, TakesTheSameSampleForASeed) {
  Selection selection;
  selection.sample = 3;
  std::vector<std::vector<uint32_t>> chosen;
  for (const uint64_t seed : {7, 7, 8}) {
    selection.seed = seed;
    Record record = FourConstants();
    ASSERT_TRUE(SelectMutants(selection, record).ok());
    EXPECT_EQ(record.mutants_in_all, 8U);
    chosen.push_back(InstructionsOf(record));
  }
  EXPECT_EQ(chosen[0].size(), 3U);
  EXPECT_EQ(chosen[0], chosen[1]);
  EXPECT_NE(chosen[0], chosen[2]);
}

TEST(SelectionTest, KnowsNoProgramThatWasNotLoaded) {
  Record record = FourConstants();
  Selection selection;
  selection.programs = {"prg"};
  EXPECT_EQ(SelectMutants(selection, record).message(),
            "--program prg: no test loads it (did you mean \"prog\"?)");
  selection.programs = {"obj/prog"};
  EXPECT_TRUE(SelectMutants(selection, record).ok());
}

TEST(KillOrderTest, BeginsWithTheTestThatNoticedTheNearest) {
  Record record = RecordOf({Arithmetic(BPF_MOV, 5), Arithmetic(BPF_MOV, 6), Arithmetic(BPF_MOV, 7)});
  record.mutants[0].noticed_by = {0};
  record.mutants[3].noticed_by = {1};
  EXPECT_THAT(KillOrder(record, 4, 4), ElementsAre(1, 0));
  // What is not known yet does not count.
  EXPECT_THAT(KillOrder(record, 4, 3), ElementsAre(0, 1));
  EXPECT_THAT(KillOrder(record, 4, 0), ElementsAre(0, 1));
}

// Two mutants for each of: noticed, survived, invalid.
Record ThreeOutcomes() {
  Record record = RecordOf({Arithmetic(BPF_MOV, 5), Arithmetic(BPF_MOV, 6), Arithmetic(BPF_MOV, 7)});
  for (size_t i = 0; i < 2; ++i) {
    record.mutants[i].outcome = Outcome::kNoticed;
    record.mutants[i].noticed_by = {i};
    record.mutants[2 + i].outcome = Outcome::kSurvived;
    record.mutants[2 + i].passed = {0, 1};
    record.mutants[4 + i].outcome = Outcome::kInvalid;
  }
  return record;
}

TEST(ReportTest, PrintsSurvivorsByLineAndTheScore) {
  const std::string text = ToText(ThreeOutcomes());
  EXPECT_THAT(text, HasSubstr("src/prog.c:2: in obj/prog\n"
                              "    line 2\n"
                              "      - `r1 = 6` became `r1 = 7`\n"
                              "      - `r1 = 6` became `r1 = 5`\n"
                              "    ran:  p / one\n"
                              "          p / two\n"));
  EXPECT_THAT(text, Not(HasSubstr("src/prog.c:1")));
  EXPECT_THAT(text, testing::EndsWith("\nscore 50.0 %: 2 of 4 noticed, 2 survived, 2 invalid"));
}

TEST(ReportTest, TellsWhereNoTestGets) {
  Record record = ThreeOutcomes();
  record.mutants[2].is_unreached = record.mutants[3].is_unreached = true;
  record.mutants[2].passed = record.mutants[3].passed = {};
  const std::string text = ToText(record);
  EXPECT_THAT(text, HasSubstr("      - `r1 = 6` became `r1 = 7` (no test gets there)\n"
                              "      - `r1 = 6` became `r1 = 5` (no test gets there)\n"
                              "    ran:  no test\n"));
  EXPECT_THAT(text, testing::EndsWith(", 2 survived, 2 of them where no test gets, 2 invalid"));
  const auto json = nlohmann::json::parse(ToJson(record, "0.1.0"));
  EXPECT_EQ(json["counts"]["unreached"], 2);
  EXPECT_EQ(json["mutants"][2]["unreached"], true);
  EXPECT_FALSE(json["mutants"][1].contains("unreached"));
}

TEST(ReportTest, CountsAsJson) {
  const auto json = nlohmann::json::parse(ToJson(ThreeOutcomes(), "0.1.0"));
  EXPECT_EQ(json["counts"]["score"], 50.0);
  EXPECT_EQ(json["mutants"][2]["outcome"], "survived");
  EXPECT_EQ(json["mutants"][2]["text"], "line 2");
  EXPECT_EQ(json["mutants"][1]["noticed_by"][0], "p / two");
}

// Nothing known of the mutants of the same program.
Record WithoutOutcomes() {
  Record record = ThreeOutcomes();
  for (Mutant& mutant : record.mutants) mutant = {mutant.subject, mutant.mutation};
  return record;
}

TEST(ResumeTest, TakesWhatIsKnown) {
  Record before = ThreeOutcomes();
  before.mutants[1] = {0, before.mutants[1].mutation};
  before.mutants[2].is_unreached = true;
  const std::string json = ToJson(before, "0.1.0");
  Record record = WithoutOutcomes();
  ASSERT_EQ(Resume(json, record).value(), 5U);
  EXPECT_EQ(ToJson(record, "0.1.0"), json);
}

TEST(ResumeTest, TakesNothingWhereATestHasChanged) {
  Record record = WithoutOutcomes();
  record.fingerprints[1] = "33";
  EXPECT_EQ(Resume(ToJson(ThreeOutcomes(), "0.1.0"), record).value(), 0U);
  EXPECT_EQ(record.CountAll().not_run, 6U);
}

TEST(ResumeTest, AsksAgainWhetherASurvivorIsEquivalent) {
  Record before = ThreeOutcomes();
  before.mutants[2].outcome = Outcome::kEquivalent;
  before.mutants[2].reason = "not any more";
  Record record = WithoutOutcomes();
  ASSERT_TRUE(Resume(ToJson(before, "0.1.0"), record).ok());
  EXPECT_EQ(record.mutants[2].outcome, Outcome::kSurvived);
  EXPECT_EQ(record.mutants[2].reason, "");
}

TEST(ResumeTest, RefusesWhatIsNoReportOrTellsLess) {
  Record record = WithoutOutcomes();
  for (const std::string json : {"", "[]", "{}", R"({"tests": 1, "mutants": []})"}) {
    EXPECT_THAT(Resume(json, record).status().message(), HasSubstr("it is not a report of bpfrig mutate"))
        << json;
  }
  record.has_every_test = true;
  EXPECT_EQ(Resume(ToJson(ThreeOutcomes(), "0.1.0"), record).status().message(),
            "it is of a run without --every-test");
}

TEST(ReportTest, NamesTestsThatNoticeNothingByThemselves) {
  Record record = ThreeOutcomes();
  EXPECT_THAT(TestsThatAddNothing(record), IsEmpty());
  record.mutants[1].noticed_by = {0, 1};
  EXPECT_THAT(TestsThatAddNothing(record), ElementsAre(1));
}

TEST(EquivalentsTest, TakesASurvivorForTheSameByACommentAtItsLine) {
  auto listed = Listed({Arithmetic(BPF_MOV, 5), Arithmetic(BPF_MOV, 6)});
  listed.mutable_lines(1)->set_text("f(6);  /* bpfrig: equivalent: f takes any */");
  Record record = ThreeOutcomes();
  record.mutants.resize(4);
  record.subjects[0].program = Program(listed, "");
  EXPECT_THAT(MarkEquivalents({}, record), IsEmpty());
  EXPECT_EQ(record.mutants[2].outcome, Outcome::kEquivalent);
  EXPECT_EQ(record.mutants[2].reason, "f takes any");
  EXPECT_EQ(record.mutants[0].outcome, Outcome::kNoticed);
  EXPECT_THAT(ToText(record),
              HasSubstr("Said to make no difference:\n    src/prog.c:2: f takes any (2 changes)\n"));
  EXPECT_EQ(record.CountAll().Score(), 100.0);
}

class EquivalentsFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const std::string path = (std::filesystem::path(directory_.path()) / "known.json").string();
    std::ofstream(path) << text;
    return path;
  }
  const common::TemporaryDirectory directory_;
};

TEST_F(EquivalentsFileTest, TakesASurvivorForTheSameAndTellsEntriesThatFitNothing) {
  const auto entries = ReadEquivalents(Write(
      R"({"equivalent": [{"program": "prog", "text": "line 2", "what": "`r1 = 6` became `r1 = 5`", "reason": "a"},
                         {"text": "line 99", "reason": "b"}]})"));
  ASSERT_TRUE(entries.ok()) << entries.status();
  Record record = ThreeOutcomes();
  const auto unused = MarkEquivalents(*entries, record);
  ASSERT_EQ(unused.size(), 1U);
  EXPECT_EQ(unused[0].text, "line 99");
  EXPECT_EQ(record.mutants[2].outcome, Outcome::kSurvived);
  EXPECT_EQ(record.mutants[3].outcome, Outcome::kEquivalent);
}

TEST_F(EquivalentsFileTest, RefusesWhatGivesNoReasonOrFitsAll) {
  EXPECT_THAT(ReadEquivalents(Write(R"({"equivalent": [{"text": "x"}]})")).status().message(),
              HasSubstr("equivalent[0]: it has no `reason`"));
  EXPECT_THAT(
      ReadEquivalents(Write(R"({"equivalent": [{"program": "x", "reason": "y"}]})")).status().message(),
      HasSubstr("would fit all of a program"));
  EXPECT_THAT(ReadEquivalents(Write("{")).status().message(), HasSubstr("it is not JSON"));
}

}  // namespace
}  // namespace bpfrig::client::mutate
