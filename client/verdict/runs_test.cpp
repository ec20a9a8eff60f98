#include "client/verdict/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/verdict/testing/step_text.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::CountRunsResponse;
using testing::IsEmpty;
using testing::SizeIs;

plan::Step StepWith(const std::string& beside,
                    const std::string& call = "connect: {to: {address: 10.0.0.1, port: 80}}\n") {
  return ReadOne(call + beside);
}

struct Runs {
  const char* program;
  uint64_t total;
  uint64_t since_last_call = 0;
};

CountRunsResponse Counts(const std::vector<Runs>& all) {
  CountRunsResponse counts;
  for (const Runs& runs : all) {
    auto* program = counts.add_programs();
    program->set_program(runs.program);
    program->set_total(runs.total);
    program->set_since_last_call(runs.since_last_call);
  }
  return counts;
}

TEST(RunsTest, ComparesWhatRanInTheStep) {
  const CountRunsResponse before = Counts({{"o/connect4", 5}, {"o/sendmsg4", 7}});
  const CountRunsResponse after = Counts({{"o/connect4", 6}, {"o/sendmsg4", 7}});
  EXPECT_THAT(CompareRuns(StepWith("runs: {connect4: 1, o/sendmsg4: 0}\n"), before, after), IsEmpty());
  const Differences differences =
      CompareRuns(StepWith("runs: {connect4: 2, o/sendmsg4: !at_least 1}\n"), before, after);
  ASSERT_THAT(differences, SizeIs(2));
  EXPECT_EQ(differences[0].field, "runs.connect4");
  EXPECT_EQ(differences[0].expected, "2");
  EXPECT_EQ(differences[0].actual, "1");
  EXPECT_EQ(ToString(differences[0].mark), "t.yaml:2:18");
  EXPECT_EQ(differences[1].expected, "!at_least 1");
  EXPECT_EQ(differences[1].actual, "0");
}

TEST(RunsTest, CountsAProgramThatTheStepLoadsFromItsBeginning) {
  EXPECT_THAT(CompareRuns(StepWith("runs: {p: 3}\n"), Counts({}), Counts({{"o/p", 3}})), IsEmpty());
}

TEST(RunsTest, ComplainsOfANameThatNoProgramHas) {
  const CountRunsResponse counts = Counts({{"o/connect4", 1}, {"other/p", 1}});
  Differences differences = CompareRuns(StepWith("runs: {conect4: 0}\n"), counts, counts);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].expected, "a program that is loaded (did you mean \"connect4\"?)");
  EXPECT_EQ(differences[0].actual, "loaded are: o/connect4, other/p");
  EXPECT_EQ(ToString(differences[0].mark), "t.yaml:2:8");
  differences = CompareRuns(StepWith("runs: {o/conect4: 0}\n"), counts, counts);
  EXPECT_EQ(differences.at(0).expected, "a program that is loaded (did you mean \"o/connect4\"?)");
  differences = CompareRuns(StepWith("runs: {p: 0}\n"), Counts({}), Counts({}));
  EXPECT_EQ(differences.at(0).actual, "none is");
}

TEST(RunsTest, ComplainsOfANameThatTwoProgramsHave) {
  const CountRunsResponse counts = Counts({{"a/p", 1}, {"b/p", 1}, {"b/q", 1}});
  const Differences differences = CompareRuns(StepWith("runs: {p: 0, b/p: 0}\n"), counts, counts);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].expected, "the name of one program, as object/program");
  EXPECT_EQ(differences[0].actual, "loaded are: a/p, b/p");
}

TEST(RunsTest, NamesThoseThatRanInTheLastCall) {
  const CountRunsResponse counts = Counts({{"o/a", 9, 2}, {"o/b", 9, 0}, {"o/c", 9, 1}});
  EXPECT_EQ(DescribeRuns(StepWith(""), counts), "programs that ran in this step: o/a (2), o/c (1)");
  EXPECT_EQ(DescribeRuns(StepWith("repeat: 3\n"), counts),
            "programs that ran in this step's last call: o/a (2), o/c (1)");
  EXPECT_EQ(DescribeRuns(StepWith(""), Counts({{"o/a", 9, 0}})), "programs that ran in this step: none");
  EXPECT_EQ(DescribeRuns(StepWith("", "detach: {link: a}\n"), Counts({{"o/a", 9, 0}})), "");
  EXPECT_EQ(DescribeRuns(StepWith("", "detach: {link: a}\n"), Counts({{"o/a", 9, 1}})),
            "programs that ran in this step: o/a (1)");
  EXPECT_EQ(DescribeRuns(StepWith(""), Counts({})), "");
}

}  // namespace
}  // namespace bpfrig::client::verdict
