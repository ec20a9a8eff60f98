#include "client/verdict/log_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::verdict {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Numbered(int lines) {
  std::string log;
  for (int i = 1; i <= lines; ++i) absl::StrAppend(&log, i, ": (b7) r", i % 10, " = ", i, "\n");
  return log;
}

TEST(LogLinesTest, TheNearestLinesHaveMostOfTheWords) {
  const std::string log =
      absl::StrCat(Numbered(300), "R6 max value is outside of the allowed memory range\n", Numbered(400));
  const std::string nearest = NearestLines(log, "R6 min value is outside");
  EXPECT_THAT(nearest, StartsWith("not in its 701 lines; the nearest 5 are\n"));
  EXPECT_THAT(nearest, HasSubstr("\nline 301: R6 max value is outside of the allowed memory range"));
}

TEST(LogLinesTest, TheLastLinesDecide) {
  const std::string lines = DecisiveLines(Numbered(100));
  EXPECT_THAT(lines, StartsWith("76: "));
  EXPECT_THAT(lines, testing::EndsWith("= 100"));
  EXPECT_EQ(DecisiveLines("one\ntwo\n"), "one\ntwo");
  EXPECT_EQ(DecisiveLines(""), "");
}

TEST(LogLinesTest, ButOnKernelsThatGoOnTheReasonDoes) {
  const std::string log =
      absl::StrCat(Numbered(50), "R1 !read_ok\nVerification failed: R1 !read_ok\n", Numbered(200));
  const std::string lines = DecisiveLines(log);
  EXPECT_THAT(lines, StartsWith("42: "));
  EXPECT_THAT(lines, HasSubstr("\nVerification failed: R1 !read_ok\n"));
  EXPECT_THAT(lines, Not(HasSubstr("= 200")));
}

TEST(LogLinesTest, SaysWhereTheOthersAre) {
  EXPECT_EQ(WhereTheOthersAre("one\n", false, "logs/a.log"), "");
  EXPECT_EQ(WhereTheOthersAre(Numbered(711), false, ""),
            "these are 25 of 711 lines; `--log-dir DIR` writes the whole log to a file");
  EXPECT_EQ(WhereTheOthersAre(Numbered(711), true, "logs/a.log"),
            "these are 25 of more than 711 lines; the whole log is in logs/a.log");
}

}  // namespace
}  // namespace bpfrig::client::verdict
