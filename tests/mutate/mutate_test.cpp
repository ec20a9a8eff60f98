// Each of the mutators, against a plan that looks and one that does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/temporary_directory.h"
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
                      Case{"subprogram", "constant", "with_sum"}, Case{"tail call", "call", "chained"},
                      Case{"third", "store", "third"}),
    [](const auto& tested) {
      std::string name = absl::StrCat(tested.param.line, "_", tested.param.kind);
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

// The plan, with another object in the place of its own.
TemporaryFile PlanWith(const std::string& plan, const std::string& object) {
  std::ifstream file(absl::StrCat(BPFRIG_SOURCE "/tests/mutate/plans/", plan, ".yaml"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return TemporaryFile(plan + ".yaml", absl::StrReplaceAll(text, {{"mutants.bpf.o", object}}));
}

TEST(MutateTest, SaysThatAnObjectTellsNoLines) {
  const TemporaryFile plan = PlanWith("weak", "mutants_no_lines.bpf.o");
  const Outcome outcome =
      RunToEnd({Binary("bpfrig"), "mutate", "-I", BPFRIG_TEST_OBJECTS, "--program", "third", plan.Path()});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("mutants/third: its object does not tell source lines\n"));
  EXPECT_THAT(outcome.output, HasSubstr("      - instruction 1: the store "));
}

TEST(MutateTest, KnowsLinesOfAStrippedObject) {
  const TemporaryFile plan = PlanWith("weak", "mutants_stripped.bpf.o");
  const Outcome outcome =
      RunToEnd({Binary("bpfrig"), "mutate", "-I", BPFRIG_TEST_OBJECTS, "--program", "third", plan.Path()});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output,
              HasSubstr(absl::StrCat("mutants.bpf.c:", LineOf("third"), ": in mutants/third\n")));
}

TEST(MutateTest, GivesTheSameForTheSameSeed) {
  const std::vector<std::string> arguments = {"--sample", "12", "--seed", "4"};
  const nlohmann::json first = MutantsOf("good", arguments);
  EXPECT_EQ(first["mutants"].size(), 12U);
  EXPECT_EQ(first, MutantsOf("good", arguments));
}

TEST(MutateTest, GoesOnWhereARunWasInterrupted) {
  const std::vector<std::string> arguments = {"--sample", "12", "--seed", "4"};
  const nlohmann::json whole = MutantsOf("good", arguments);
  nlohmann::json half = whole;
  for (size_t i = 0; i < half["mutants"].size(); i += 2) {
    half["mutants"][i]["outcome"] = "not run";
    half["mutants"][i]["noticed_by"] = half["mutants"][i]["passed"] = nlohmann::json::array();
  }
  const TemporaryFile earlier("half.json", half.dump());
  const TemporaryFile report("rest.json", "");
  const Outcome outcome = RunToEnd(MutateCommand(
      "good", {"--sample", "12", "--seed", "4", "--resume", earlier.Path(), "--json", report.Path()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("of 12 mutants, 6 were run before\n"));
  nlohmann::json rest = ReadJson(report.Path());
  rest.erase("duration_ms");
  EXPECT_EQ(rest, whole);
}

// A repository with the programs' source, of which one line has changed since it was committed.
class ChangedSource {
 public:
  explicit ChangedSource(size_t line) {
    Git({"init", "-q"});
    std::filesystem::copy_file(kSource, directory_.path() / "mutants.bpf.c");
    Git({"add", "."});
    Git({"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "Begin"});
    EXPECT_EQ(RunToEnd({"sed", "-i", absl::StrCat(line, "s|$| changed|"),
                        (directory_.path() / "mutants.bpf.c").string()})
                  .status,
              0);
  }
  // Runs the command in it.
  [[nodiscard]] Outcome Run(std::vector<std::string> command) const {
    command.insert(command.begin(), {"env", absl::StrCat("--chdir=", directory_.path().string())});
    return RunToEnd(command);
  }

 private:
  void Git(std::vector<std::string> command) const {
    command.insert(command.begin(), "git");
    const Outcome outcome = Run(std::move(command));
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }

  const common::TemporaryDirectory directory_;
};

TEST(MutateTest, TakesLinesThatChangedSinceACommit) {
  const size_t line = LineOf("store");
  const ChangedSource source(line);
  const TemporaryFile report("mutants.json", "");
  const Outcome outcome = source.Run(MutateCommand("good", {"--since", "HEAD", "--json", report.Path()}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  const nlohmann::json json = ReadJson(report.Path());
  EXPECT_GT(json["mutants"].size(), 0U);
  for (const auto& mutant : json["mutants"]) EXPECT_EQ(mutant["line"].get<size_t>(), line);

  // A comment at the source's top is in no program.
  const Outcome nothing = ChangedSource(1).Run(MutateCommand("good", {"--since", "HEAD"}));
  EXPECT_EQ(nothing.status, 0) << nothing.output;
  EXPECT_THAT(nothing.output,
              HasSubstr("nothing to mutate: no line that changed is in a program that a test loads\n"));
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

// A plan whose tests look at nothing, one for each of these marks.
TemporaryFile PlanWithMarks(const std::vector<int>& marks) {
  std::string text = "name: marks\nobjects: {mutants: mutants.bpf.o}\ntests:\n";
  for (const int mark : marks) {
    absl::StrAppend(
        &text, "  - name: mark ", mark, "\n    steps:\n      - load: {object: mutants}\n",
        "      - run: {program: mutants, data: !hex 000102030405060708090a0b0800450000140000000040",
        "1100000a0000010a000002, context: {mark: ", mark, "}}\n");
  }
  return TemporaryFile("marks.yaml", text);
}

Outcome MutateLine(const TemporaryFile& plan, const std::string& comment, const std::string& json) {
  return RunToEnd({Binary("bpfrig"), "mutate", "-I", BPFRIG_TEST_OBJECTS, "--lines",
                   absl::StrCat("mutants.bpf.c:", LineOf(comment)), "--json", json, plan.Path()});
}

TEST(MutateTest, TellsALineThatIsNeverReachedFromOneThatNobodyChecks) {
  const TemporaryFile report("mutants.json", "");
  // Above 100 the program returns early.
  const TemporaryFile early = PlanWithMarks({101});
  const Outcome never = MutateLine(early, "store", report.Path());
  EXPECT_EQ(never.status, 0) << never.output;
  EXPECT_THAT(never.output, HasSubstr(" was left out (no test gets there)\n"));
  EXPECT_THAT(never.output, HasSubstr("    ran:  no test\n"));
  const nlohmann::json unreached = ReadJson(report.Path());
  EXPECT_GT(unreached["counts"]["survived"], 0);
  EXPECT_EQ(unreached["counts"]["unreached"], unreached["counts"]["survived"]);

  const TemporaryFile late = PlanWithMarks({101, 5, 102});
  const Outcome unchecked = MutateLine(late, "store", report.Path());
  EXPECT_EQ(unchecked.status, 0) << unchecked.output;
  EXPECT_THAT(unchecked.output, HasSubstr(" was left out\n"));
  EXPECT_THAT(unchecked.output, HasSubstr("    ran:  marks / mark 5\n\n"));
  const nlohmann::json reached = ReadJson(report.Path());
  EXPECT_EQ(reached["counts"]["unreached"], 0);
  EXPECT_EQ(reached["counts"]["survived"], unreached["counts"]["survived"]);
}

// Under the sanitizers the longer one would show nothing more, slowly.
#ifdef BPFRIG_SANITIZED
constexpr const char* kShippedPlans[] = {"sendmsg"};
#else
constexpr const char* kShippedPlans[] = {"sendmsg", "cgroup_skb"};
#endif
class ShippedPlanTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ShippedPlanTest, NoticesEveryChangeThatMakesADifference) {
  const Outcome outcome = RunToEnd({Binary("bpfrig"), "mutate", "-I", BPFRIG_BPF_OBJECTS, "--fail-under",
                                    "100", absl::StrCat(BPFRIG_SOURCE "/plans/mesh/", GetParam(), ".yaml")});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("score 100.0 %: "));
}

INSTANTIATE_TEST_SUITE_P(All, ShippedPlanTest, ::testing::ValuesIn(kShippedPlans),
                         [](const auto& tested) { return std::string(tested.param); });

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
