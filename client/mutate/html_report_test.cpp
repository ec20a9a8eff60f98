// The page of `bpfrig mutate`, read as XML: what a browser makes of it is tested in client/command.
#include "client/mutate/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/mutate/testing/assembler.h"
#include "client/testing/page_text.h"

namespace bpfrig::client::mutate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Two mutants of each of six instructions. The last one comes first in the source, and is of another
// function.
Record SixLines() {
  const std::vector<Instruction> six(6, Arithmetic(BPF_MOV, 5));
  bpfrig::v1::ProgramInstructions listed = Listed(six);
  listed.mutable_lines(5)->set_line(1);
  for (int i = 0; i < 5; ++i) listed.mutable_lines(i)->set_line(static_cast<uint32_t>(8 + i));
  auto* function = listed.add_functions();
  function->set_name("helper");
  function->set_instruction(5);
  Record record = RecordOf(six);
  record.subjects[0].program = Program(listed, "");
  const std::pair<Outcome, Outcome> outcomes[] = {
      {Outcome::kNoticed, Outcome::kNoticed},       {Outcome::kNoticed, Outcome::kSurvived},
      {Outcome::kEquivalent, Outcome::kEquivalent}, {Outcome::kInvalid, Outcome::kInvalid},
      {Outcome::kNotRun, Outcome::kNotRun},         {Outcome::kSurvived, Outcome::kSurvived}};
  for (size_t i = 0; i < 6; ++i) {
    record.mutants[2 * i].outcome = outcomes[i].first;
    record.mutants[2 * i + 1].outcome = outcomes[i].second;
  }
  for (Mutant& mutant : record.mutants) {
    if (mutant.outcome == Outcome::kSurvived) mutant.passed = {0, 1};
    if (mutant.outcome == Outcome::kEquivalent) mutant.reason = "nobody looks";
  }
  return record;
}

class HtmlReportTest : public testing::Test {
 protected:
  void Read(const Record& record) { ReadPage(ToHtml(record, "1.2.3"), page_); }
  [[nodiscard]] std::vector<std::string> Texts(const char* path) const { return TextsOf(page_, path); }

  pugi::xml_document page_;
};

TEST_F(HtmlReportTest, HasATableOfProgramsAndFunctions) {
  Read(SixLines());
  EXPECT_THAT(Texts("//h1"),
              ElementsAre("bpfrig mutate: score 50.0 %: 3 of 6 noticed, 3 survived, 2 equivalent, "
                          "2 invalid, 2 not run"));
  EXPECT_THAT(Texts("//dd"), ElementsAre("12", "2", "0 ms", "1.2.3"));
  EXPECT_THAT(Texts("//table[@class='scores']//tr[1]/td"), ElementsAre("12", "3", "3", "2", "2", "50.0 %"));
  EXPECT_THAT(Texts("//table[@class='scores']/tbody/tr/th"), ElementsAre("obj/prog", "prog", "helper"));
  EXPECT_THAT(Texts("//table[@class='scores']//tr/td[6]"), ElementsAre("50.0 %", "75.0 %", "0.0 %"));
}

TEST_F(HtmlReportTest, ShowsEveryLineInOrderWithAWordForWhatIsNoticed) {
  Read(SixLines());
  EXPECT_THAT(Texts("//h3"), ElementsAre("src/prog.c"));
  EXPECT_THAT(Texts("//tr[@class='line']/td[1]"), ElementsAre("1", "8", "9", "10", "11", "12"));
  EXPECT_THAT(Texts("//tr[@class='line']/td[2]"),
              ElementsAre("none of 2", "all of 2", "1 of 2", "equivalent", "invalid", "not run"));
  EXPECT_THAT(Texts("//tr[@class='line']/td[3]"),
              ElementsAre("line 6", "line 1", "line 2", "line 3", "line 4", "line 5"));
  EXPECT_THAT(Texts("//table[@class='lines']/tbody/@class"),
              ElementsAre("bad", "good", "some", "same", "quiet", "quiet"));
}

TEST_F(HtmlReportTest, ListsBelowALineWhatSurvivedAndWhy) {
  Read(SixLines());
  EXPECT_THAT(
      Texts("//ul[@class='survivors']/li"),
      ElementsAre("`r1 = 5` became `r1 = 6`", "`r1 = 5` became `r1 = 4`", "`r1 = 5` became `r1 = 4`"));
  EXPECT_THAT(Texts("//tbody[@class='some']//details//li"), ElementsAre("p / one", "p / two"));
  EXPECT_THAT(Texts("//tbody[@class='some']//p"), ElementsAre("not noticed in obj/prog:"));
  EXPECT_THAT(Texts("//p[@class='reason']"), ElementsAre("equivalent: nobody looks (2 changes)"));
  EXPECT_THAT(Texts("//tbody[@class='good' or @class='same']//details"), IsEmpty());
}

TEST_F(HtmlReportTest, TellsWhereNoTestGets) {
  Record record = SixLines();
  for (Mutant& mutant : record.mutants) {
    if (mutant.outcome != Outcome::kSurvived) continue;
    mutant.is_unreached = true;
    mutant.passed = {};
  }
  Read(record);
  EXPECT_THAT(Texts("//tr[@class='line']/td[2]"),
              ElementsAre("never run", "all of 2", "1 of 2", "equivalent", "invalid", "not run"));
  EXPECT_THAT(Texts("//tbody[@class='some']//ul[@class='survivors']/li"),
              ElementsAre("`r1 = 5` became `r1 = 4` (no test gets there)"));
  EXPECT_THAT(Texts("//details"), IsEmpty());
}

TEST_F(HtmlReportTest, ListsInstructionsIfTheObjectTellsNoLines) {
  Record record = SixLines();
  bpfrig::v1::ProgramInstructions listed = Listed(std::vector<Instruction>(6, Arithmetic(BPF_MOV, 5)));
  listed.clear_lines();
  record.subjects[0].program = Program(listed, "");
  Read(record);
  EXPECT_THAT(Texts("//h3"), ElementsAre("obj/prog, whose object does not tell source lines"));
  EXPECT_THAT(Texts("//table[@class='lines']//th[1]"), ElementsAre("instruction"));
  EXPECT_THAT(Texts("//tr[@class='line']/td[1]"), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(Texts("//ul[@class='survivors']/li[1]"),
              ElementsAre("`r1 = 5` became `r1 = 4`", "`r1 = 5` became `r1 = 6`"));
}

TEST_F(HtmlReportTest, SaysWhatIsASampleAndWhichTestsAddNothing) {
  Record record = SixLines();
  record.seed = 7;
  record.mutants_in_all = 40;
  record.has_every_test = true;
  record.mutants[0].noticed_by = {0};
  Read(record);
  EXPECT_THAT(Texts("//dd[2]"), ElementsAre("a sample of 12 of 40 mutants, with --seed 7"));
  EXPECT_THAT(Texts("//ul[@class='idle']/li"), ElementsAre("p / two"));
}

TEST_F(HtmlReportTest, WhatComesFromOutsideIsText) {
  const std::string hostile = "</td></style><script src=\"http://x/\">1</script>&amp;<!-- \x01 ]]> '\"";
  const std::string shown = "</td></style><script src=\"http://x/\">1</script>&amp;<!-- \\x01 ]]> '\"";
  bpfrig::v1::ProgramInstructions listed = Listed({Arithmetic(BPF_MOV, 5)});
  listed.set_program(hostile);
  listed.mutable_lines(0)->set_file(hostile);
  listed.mutable_lines(0)->set_text(hostile);
  listed.mutable_functions(0)->set_name(hostile);
  Record record = RecordOf({Arithmetic(BPF_MOV, 5)});
  record.subjects[0].program = Program(listed, "");
  record.subjects[0].object_name = hostile;
  record.tests = {hostile, hostile};
  record.mutants[0].mutation.what = hostile;
  record.mutants[0].outcome = Outcome::kSurvived;
  record.mutants[0].passed = {0, 1};
  record.mutants[1].outcome = Outcome::kEquivalent;
  record.mutants[1].reason = hostile;
  Read(record);
  EXPECT_THAT(Texts("//script | //@src | //comment()"), IsEmpty());
  EXPECT_THAT(Texts("//h3"), ElementsAre(shown));
  EXPECT_THAT(Texts("//td[@class='source']"), ElementsAre(shown));
  EXPECT_THAT(Texts("//td[@class='under']//li"), ElementsAre(shown, shown, shown));
  EXPECT_THAT(Texts("//p[@class='reason']"), ElementsAre("equivalent: " + shown));
  EXPECT_THAT(Texts("//@*"), Not(testing::Contains(HasSubstr("script"))));
}

TEST_F(HtmlReportTest, NeedsNothingFromOutside) {
  const std::string page = ToHtml(SixLines(), "1");
  for (const char* reference : {"http", "src=", "url(", "@import", "<link", "<script", "//"}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

}  // namespace
}  // namespace bpfrig::client::mutate
