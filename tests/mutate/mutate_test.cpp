// Each of the mutators, against a plan that looks and one that does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/rig.h"

namespace bpfrig::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kSource = BPFRIG_SOURCE "/tests/objects/mutants.bpf.c";

// The number of the line that ends with this comment.
size_t LineOf(const std::string& comment) {
  std::ifstream file(kSource);
  std::string line;
  for (size_t number = 1; std::getline(file, line); ++number) {
    if (absl::EndsWith(line, absl::StrCat("// ", comment))) return number;
  }
  ADD_FAILURE() << "no line of " << kSource << " ends with // " << comment;
  return 0;
}

std::vector<std::string> MutateCommand(const std::string& plan, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {Binary("bpfrig"), "mutate", "-I", BPFRIG_TEST_OBJECTS,
                                      absl::StrCat(BPFRIG_SOURCE "/tests/mutate/plans/", plan, ".yaml")};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

nlohmann::json ReadJson(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file, nullptr, false);
}

// What came of the mutants of these lines, from the JSON report.
nlohmann::json MutantsOf(const std::string& plan, const std::vector<std::string>& arguments) {
  const TemporaryFile report("mutants.json", "");
  std::vector<std::string> all = arguments;
  all.insert(all.end(), {"--json", report.Path()});
  const Outcome outcome = RunToEnd(MutateCommand(plan, all));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  nlohmann::json json = ReadJson(report.Path());
  // All that may differ between two runs.
  json.erase("duration_ms");
  return json;
}

struct Case {
  const char* line;
  const char* kind;
  const char* function;
};

class MutatorTest : public ::testing::TestWithParam<Case> {};

TEST_P(MutatorTest, IsNoticedByAGoodPlanAndSurvivesAWeakOneAtItsLine) {
  const size_t line = LineOf(GetParam().line);
  const std::vector<std::string> arguments = {"--lines", absl::StrCat("mutants.bpf.c:", line)};
  size_t of_kind = 0;
  const nlohmann::json good = MutantsOf("good", arguments);
  for (const auto& mutant : good["mutants"]) {
    EXPECT_EQ(mutant["line"].get<size_t>(), line);
    EXPECT_EQ(mutant["function"].get<std::string>(), GetParam().function);
    if (mutant["kind"] != GetParam().kind) continue;
    EXPECT_THAT((std::vector<std::string>{"noticed", "invalid"}),
                Contains(mutant["outcome"].get<std::string>()))
        << mutant;
    if (mutant["outcome"] == "noticed") ++of_kind;
  }
  EXPECT_GT(of_kind, 0U) << good;
  size_t survived = 0;
  const nlohmann::json weak = MutantsOf("weak", arguments);
  for (const auto& mutant : weak["mutants"]) {
    if (mutant["kind"] == GetParam().kind && mutant["outcome"] == "survived") ++survived;
  }
  EXPECT_GT(survived, 0U) << weak;
}

INSTANTIATE_TEST_SUITE_P(
    All, MutatorTest,
    ::testing::Values(Case{"bound", "branch", "mutants"}, Case{"bound", "bound", "mutants"},
                      Case{"bound", "constant", "mutants"}, Case{"arithmetic", "arithmetic", "mutants"},
                      Case{"byte swap", "byte swap", "mutants"}, Case{"store", "store", "mutants"},
                      Case{"call", "call", "mutants"}, Case{"deleted", "call", "mutants"},
                      Case{"verdict", "verdict", "pass_all"}, Case{"inlined", "arithmetic", "mutants"},
                      Case{"subprogram", "constant", "with_sum"}),
    [](const auto& info) {
      std::string name = absl::StrCat(info.param.line, "_", info.param.kind);
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(MutateTest, GivesTheSameForTheSameSeed) {
  const std::vector<std::string> arguments = {"--sample", "12", "--seed", "4"};
  const nlohmann::json first = MutantsOf("good", arguments);
  EXPECT_EQ(first["mutants"].size(), 12U);
  EXPECT_EQ(first, MutantsOf("good", arguments));
}

TEST(MutateTest, ShowsASurvivorWithItsLineAndEndsWithOneBelowTheLimit) {
  const size_t line = LineOf("store");
  const Outcome outcome = RunToEnd(
      MutateCommand("weak", {"--lines", absl::StrCat("mutants.bpf.c:", line), "--fail-under", "90"}));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(absl::StrCat("mutants.bpf.c:", line, ": in mutants/mutants\n")));
  EXPECT_THAT(outcome.output, HasSubstr("    skb->cb[0] = 7; "));
  EXPECT_THAT(outcome.output, HasSubstr("    ran:  weak / it runs\n"));
  EXPECT_THAT(outcome.output, HasSubstr("the score is below 90 %, which --fail-under asks for"));
}

TEST(MutateTest, MutatesNothingIfATestFailsWithoutThat) {
  const TemporaryFile plan(
      "failing.yaml",
      "name: failing\nobjects: {mutants: mutants.bpf.o}\ntests:\n  - name: t\n    steps:\n"
      "      - load: {object: mutants}\n"
      "      - run: {program: mutants, data: !hex 000102030405060708090a0b0800}\n"
      "        expect: {return: TC_ACT_SHOT}\n");
  const Outcome outcome = RunToEnd({Binary("bpfrig"), "mutate", "-I", BPFRIG_TEST_OBJECTS, plan.Path()});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("FAIL  failing / t"));
  EXPECT_THAT(outcome.output, HasSubstr("nothing was mutated: the tests must pass"));
}

}  // namespace
}  // namespace bpfrig::tests
