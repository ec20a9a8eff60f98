#include "client/mutate/changed_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::mutate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "bpf/a.c:3-5" for each.
std::vector<std::string> RangesOf(absl::string_view diff) {
  std::vector<std::string> ranges;
  for (const LineRange& range : ChangedLines(diff)) {
    ranges.push_back(absl::StrCat(range.file, ":", range.first, "-", range.last));
  }
  return ranges;
}

TEST(ChangedLinesTest, TakesNewLinesOfEachFile) {
  EXPECT_THAT(RangesOf("diff --git bpf/a.c bpf/a.c\n"
                       "index 0123456..789abcd 100644\n"
                       "--- bpf/a.c\n"
                       "+++ bpf/a.c\n"
                       "@@ -3 +3,3 @@ int f(void)\n"
                       "-  return 0;\n"
                       "+  x = 1;\n"
                       "+  y = 2;\n"
                       "+  return 1;\n"
                       "@@ -20,0 +23 @@\n"
                       "+}\n"
                       "\\ No newline at end of file\n"
                       "diff --git my file.h my file.h\n"
                       "--- my file.h\t\n"
                       "+++ my file.h\t\n"
                       "@@ -1 +1 @@\n"
                       "-a\n"
                       "+b\n"),
              ElementsAre("bpf/a.c:3-5", "bpf/a.c:23-23", "my file.h:1-1"));
}

TEST(ChangedLinesTest, TakesNothingOfWhatIsGone) {
  EXPECT_THAT(RangesOf("--- a.c\n+++ a.c\n@@ -3,2 +2,0 @@\n-x\n-y\n"), IsEmpty());
  EXPECT_THAT(RangesOf("deleted file mode 100644\n--- a.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n-y\n"),
              IsEmpty());
  EXPECT_THAT(RangesOf(""), IsEmpty());
}

TEST(ChangedLinesTest, LeavesOutLinesAroundWhatIsNew) {
  EXPECT_THAT(RangesOf("--- a.c\n+++ a.c\n@@ -1,5 +1,6 @@\n one\n+two\n three\n\n-five\n+5\n six\n"
                       "@@ -20 +21,2 @@\n twenty\n+more\n"),
              ElementsAre("a.c:2-2", "a.c:5-5", "a.c:22-22"));
}

TEST(ChangedLinesTest, DoesNotTakeALineForAHeader) {
  EXPECT_THAT(RangesOf("--- a.c\n+++ a.c\n@@ -1,0 +2,2 @@\n+++ b.c\n+@@ -1 +1 @@\n@@ -9 +11 @@\n-x\n+y\n"),
              ElementsAre("a.c:2-3", "a.c:11-11"));
}

}  // namespace
}  // namespace bpfrig::client::mutate
