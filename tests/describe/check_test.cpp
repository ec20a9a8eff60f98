// `bpfrig check` with objects: plans with mistakes and the exact words that they get (tests/golden/check),
// and plans that pass, of which nothing may be said. BPFRIG_UPDATE_GOLDEN=1 rewrites the words; read the
// difference before you commit it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/file.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr char kGolden[] = BPFRIG_SOURCE "/tests/golden";

std::vector<fs::path> PlansIn(const std::string& folder) {
  std::vector<fs::path> plans;
  for (const auto& entry : fs::directory_iterator(absl::StrCat(kGolden, "/", folder))) {
    if (entry.path().extension() == ".yaml") plans.push_back(entry.path());
  }
  std::sort(plans.begin(), plans.end());
  return plans;
}

Outcome Check(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {BPFRIG_BIN "/bpfrig", "check"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunToEnd(argv);
}

Outcome CheckWithObjects(const std::vector<std::string>& plans) {
  const std::string sockets = absl::StrCat(BPFRIG_BPF_OBJECTS, "/sockets");
  std::vector<std::string> arguments = {"-I", BPFRIG_TEST_OBJECTS, "-I", BPFRIG_BPF_OBJECTS, "-I", sockets};
  arguments.insert(arguments.end(), plans.begin(), plans.end());
  return Check(arguments);
}

bool Passes(const fs::path& plan) {
  return absl::EndsWith(ReadAll(fs::path(plan).replace_extension(".expected")), "exit status 0\n");
}

class CheckGoldenTest : public ::testing::TestWithParam<fs::path> {};

TEST_P(CheckGoldenTest, SaysExactlyWhatItShould) {
  const Outcome outcome = CheckWithObjects({GetParam().string()});
  const std::string actual =
      absl::StrCat(absl::StrReplaceAll(outcome.output, {{GetParam().parent_path().string() + "/", ""}}),
                   "exit status ", outcome.status, "\n");
  const fs::path expected = fs::path(GetParam()).replace_extension(".expected");
  if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << actual;
  EXPECT_EQ(actual, ReadAll(expected));
}

INSTANTIATE_TEST_SUITE_P(Plans, CheckGoldenTest, ::testing::ValuesIn(PlansIn("check")),
                         [](const auto& golden) { return golden.param.stem().string(); });

TEST(CheckTest, SaysNothingAgainstThePlansThatAreShipped) {
  const Outcome outcome = CheckWithObjects({BPFRIG_SOURCE "/plans"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, EndsWith(": no mistake found\n"));
  EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr("did not look into")));
}

// What passes on a kernel has no mistake.
TEST(CheckTest, SaysNothingAgainstPlansThatPass) {
  int passing = 0;
  for (const fs::path& plan : PlansIn("run")) {
    if (!Passes(plan)) continue;
    ++passing;
    const Outcome outcome = CheckWithObjects({plan.string()});
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }
  EXPECT_GT(passing, 5);
}

TEST(CheckTest, PassesWithoutTheObjects) {
  const Outcome outcome = Check({BPFRIG_SOURCE "/plans/mesh/sendmsg.yaml"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output,
              ::testing::MatchesRegex("did not look into .*sendmsg.bpf.o.*: not found; -I DIR or "
                                      "BPFRIG_OBJECT_PATH says where to look\n.*: no mistake found\n"));
}

TEST(CheckTest, PassesWithoutTheDaemonsBinary) {
  const Outcome outcome =
      CheckWithObjects({"--daemon", "/nowhere/bpfrigd", BPFRIG_SOURCE "/plans/mesh/sendmsg.yaml"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output,
              HasSubstr("did not look into the objects: the daemon /nowhere/bpfrigd is not an "
                        "executable file\n"));
  EXPECT_THAT(outcome.output, EndsWith(": no mistake found\n"));
}

// One that knows no `describe`, or fails otherwise.
TEST(CheckTest, PassesWithABinaryThatCannotDescribe) {
  const Outcome outcome = CheckWithObjects({"--daemon", "/bin/ls", BPFRIG_SOURCE "/plans/mesh/sendmsg.yaml"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, HasSubstr("did not look into the objects: /bin/ls cannot describe objects: "));
}

}  // namespace
}  // namespace bpfrig::tests
