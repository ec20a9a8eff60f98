// A run of many tests, as a person follows it on a terminal, and as a log has it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/rig.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

#ifdef BPFRIG_SANITIZED
// Sanitizers find no more in 500 than in these, and take minutes for them.
constexpr int kTests = 60;
#else
constexpr int kTests = 500;
#endif
const std::string kOfAll = absl::StrCat(" of ", kTests);
const std::string kTotal = absl::StrCat(kTests - 2, " passed, 2 failed");
constexpr size_t kColumns = 80;
constexpr size_t kRows = 24;

// All listen; two of them also dial where nobody is.
std::string ManyTests() {
  std::string plan = "name: many\ntests:\n";
  for (int i = 1; i <= kTests; ++i) {
    absl::StrAppend(&plan, "  - {name: number ", i,
                    ", steps: [{listen: {name: s, at: {address: 127.0.0.1, port: 80}}}");
    if (i == 7 || i == 42) {
      absl::StrAppend(&plan, ", {connect: {to: {address: 127.0.0.1, port: 81}}}");
    }
    absl::StrAppend(&plan, "]}\n");
  }
  return plan;
}

// A terminal as far as bpfrig uses one: lines, back to a line's beginning, its end erased. Colours are
// dropped.
class Terminal {
 public:
  explicit Terminal(absl::string_view output) {
    for (size_t i = 0; i < output.size(); ++i) {
      if (output[i] == '\033') {
        const size_t end = output.find_first_of("mK", i);
        if (output[end] == 'K') lines_.back().resize(column_);
        i = end;
      } else {
        Put(output[i]);
      }
    }
  }

  // What can be seen at the end.
  [[nodiscard]] std::string Screen() const {
    const size_t seen = std::min(kRows, lines_.size());
    return absl::StrJoin(lines_.end() - static_cast<std::ptrdiff_t>(seen), lines_.end(), "\n");
  }
  // The same with all that has scrolled away.
  [[nodiscard]] std::string All() const { return absl::StrJoin(lines_, "\n"); }
  // The longest that a line of progress has been.
  [[nodiscard]] size_t longest() const { return longest_; }

 private:
  void Put(char c) {
    if (c == '\n') {
      lines_.emplace_back();
      column_ = 0;
    } else if (c == '\r') {
      column_ = 0;
    } else {
      lines_.back().resize(std::max(lines_.back().size(), column_ + 1), ' ');
      lines_.back()[column_++] = c;
      if (absl::StrContains(lines_.back(), kOfAll)) longest_ = std::max(longest_, column_);
    }
  }

  std::vector<std::string> lines_ = {""};
  size_t column_ = 0;
  size_t longest_ = 0;
};

// The names in lines that begin with a verdict, in their order; those at the end again not.
std::vector<std::string> TestsIn(const std::string& text) {
  std::vector<std::string> names;
  const std::string results = text.substr(0, text.find("What failed:"));
  for (const absl::string_view line : absl::StrSplit(results, '\n')) {
    if (!absl::StartsWith(line, "PASS  ") && !absl::StartsWith(line, "FAIL  ")) continue;
    const absl::string_view name = line.substr(6);
    names.emplace_back(name.substr(0, name.find("  ")));
  }
  return names;
}

void ExpectEachOnce(const std::vector<std::string>& names) {
  EXPECT_EQ(names.size(), static_cast<size_t>(kTests));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), static_cast<size_t>(kTests));
}

// What somebody needs who sees the end alone.
void ExpectEnoughToAct(const std::string& end) {
  EXPECT_THAT(end, ContainsRegex("FAIL  many / number 7  [0-9]+ ms\n"));
  EXPECT_THAT(end, ContainsRegex("FAIL  many / number 42  [0-9]+ ms\n"));
  EXPECT_THAT(end, ContainsRegex("many.yaml:9:[0-9]+: step 2, connect\n"));
  EXPECT_THAT(end, HasSubstr("expected: none\n"));
  EXPECT_THAT(end, HasSubstr("actual:   ECONNREFUSED\n"));
  EXPECT_THAT(end, HasSubstr(kTotal));
}

TEST(ManyTestsTest, ALogHasResultsAsTheyComeAndNothingElse) {
  const Daemon daemon;
  const TemporaryFile plan("many.yaml", ManyTests());
  const Outcome one_by_one = RunToEnd(RunCommand({"--target", daemon.Target(), "-j", "1", plan.Path()}));
  EXPECT_EQ(one_by_one.status, 1);
  EXPECT_THAT(one_by_one.output, Not(ContainsRegex("[\r\033]")));
  EXPECT_THAT(one_by_one.output, Not(HasSubstr(kOfAll)));
  const std::vector<std::string> names = TestsIn(one_by_one.output);
  ExpectEachOnce(names);
  // One at a time comes in the plan's order.
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], absl::StrCat("many / number ", i + 1));
  ExpectEnoughToAct(one_by_one.output.substr(one_by_one.output.find("What failed:")));
  EXPECT_TRUE(absl::EndsWith(one_by_one.output, "\n" + kTotal + "\n"));
}

TEST(ManyTestsTest, ATerminalHasOneLineOfProgressAndALastScreenToActOn) {
  const Daemon daemon;
  const TemporaryFile plan("many.yaml", ManyTests());
  const std::string command =
      absl::StrCat("stty rows ", kRows, " cols ", kColumns, "; TERM=xterm exec ", Binary("bpfrig"),
                   " run --target ", daemon.Target(), " -j 4 ", plan.Path());
  const Outcome outcome = RunToEnd({"script", "-qec", command, "/dev/null"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("\033[31mFAIL\033[0m"));
  EXPECT_THAT(outcome.output,
              ContainsRegex(absl::StrCat(kTests - 1, kOfAll, ", 2 failed, [0-9]+ s  many / number ")));

  const Terminal terminal(outcome.output);
  EXPECT_LT(terminal.longest(), kColumns);
  // Nothing of the progress is left between the results.
  EXPECT_THAT(terminal.All(), Not(HasSubstr(kOfAll)));
  ExpectEachOnce(TestsIn(terminal.All()));
  ExpectEnoughToAct(terminal.Screen());
  EXPECT_THAT(terminal.Screen(), ContainsRegex("\n" + kTotal + " in [0-9.]+ m?s\n"));
}

}  // namespace
}  // namespace bpfrig::tests
