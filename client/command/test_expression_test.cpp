#include "client/command/test_expression.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bpfrig::client::command {
namespace {

// Of the test `mesh / a waypoint (v4)` with the tags slow and v4.
bool Holds(const std::string& text) {
  const absl::StatusOr<TestExpression> expression = TestExpression::Parse(text);
  EXPECT_TRUE(expression.ok()) << expression.status();
  return expression.ok() && expression->Holds("mesh / a waypoint (v4)", {"slow", "v4"});
}

std::string ProblemOf(const std::string& text) {
  return std::string(TestExpression::Parse(text).status().message());
}

TEST(TestExpressionTest, FindsWordsInNamesAndTags) {
  EXPECT_TRUE(Holds("waypoint"));
  EXPECT_TRUE(Holds("mesh"));
  EXPECT_TRUE(Holds("slow"));
  EXPECT_FALSE(Holds("slo"));  // A tag is a whole word.
  EXPECT_FALSE(Holds("frontend"));
  EXPECT_TRUE(Holds("\"a waypoint (v4)\""));
  EXPECT_FALSE(Holds("'not'"));
}

TEST(TestExpressionTest, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(Holds("frontend and v6 or waypoint"));
  EXPECT_FALSE(Holds("frontend and (v6 or waypoint)"));
  EXPECT_TRUE(Holds("not frontend and waypoint"));
  EXPECT_FALSE(Holds("not (frontend or waypoint)"));
  EXPECT_TRUE(Holds("not not waypoint"));
}

TEST(TestExpressionTest, SaysWhatWasExpected) {
  EXPECT_EQ(ProblemOf(""), "a word, `not` or `(` was expected, not the end");
  EXPECT_EQ(ProblemOf("a and"), "a word, `not` or `(` was expected, not the end");
  EXPECT_EQ(ProblemOf("a b"), "`and`, `or` or the end was expected, not \"b\"");
  EXPECT_EQ(ProblemOf("(a or b"), "`)` was expected, not the end");
  EXPECT_EQ(ProblemOf("a)"), "`and`, `or` or the end was expected, not \")\"");
  EXPECT_EQ(ProblemOf("\"a"), "a quote without its end: \"a");
  EXPECT_EQ(ProblemOf(std::string(1000, '(')), "too many parentheses and nots");
}

}  // namespace
}  // namespace bpfrig::client::command
