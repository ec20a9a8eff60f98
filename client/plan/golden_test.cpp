// Plans under tests/golden: the bad ones with the exact complaints that they must get, the good ones with
// none, and all of them mutated, which must never end in anything but complaints. BPFRIG_UPDATE_GOLDEN=1
// rewrites the complaints; read the difference before you commit it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/plan_reader.h"
#include "common/read_file.h"

namespace bpfrig::client::plan {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxBytes = size_t{1} << 20;

std::vector<fs::path> YamlFiles(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(BPFRIG_GOLDEN_DIR) / folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const fs::path& path) {
  absl::StatusOr<std::string> text = common::ReadFile(path, kMaxBytes);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

class GoldenTest : public testing::TestWithParam<fs::path> {};

TEST_P(GoldenTest, ComplainsExactly) {
  // So that the complaints name the files alone.
  fs::current_path(GetParam().parent_path());
  ObjectFiles files({});
  Problems problems;
  EXPECT_FALSE(ReadPlan(GetParam().filename().string(), files, problems).has_value());
  std::string complaints;
  for (const Problem& problem : problems.Sorted()) absl::StrAppend(&complaints, ToString(problem), "\n");
  const fs::path expected = fs::path(GetParam()).replace_extension(".expected");
  if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << complaints;
  EXPECT_EQ(complaints, Read(expected));
  EXPECT_NE(complaints, "");
}

INSTANTIATE_TEST_SUITE_P(Plans, GoldenTest, testing::ValuesIn(YamlFiles("plans")),
                         [](const auto& golden) { return golden.param.stem().string(); });

TEST(GoodPlanTest, ReadsEveryStepOfEveryRow) {
  ObjectFiles files({absl::StrCat(BPFRIG_GOLDEN_DIR, "/plans")});
  Problems problems;
  const auto plan = ReadPlan(absl::StrCat(BPFRIG_GOLDEN_DIR, "/good/every_step.yaml"), files, problems);
  for (const Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->tests.size(), 2U);
  EXPECT_EQ(plan->tests[1].name, "every step (v6)");
  EXPECT_EQ(plan->tests[1].may_not_run[0].value, "p6");
  EXPECT_EQ(plan->tests[0].sandbox.request.addresses_size(), 4);  // The one given twice counts once.
  EXPECT_EQ(plan->tests[0].required_features.size(), 2U);
  EXPECT_EQ(plan->tests[0].steps.size(), 54U);
}

TEST(GoodPlanTest, SharesPiecesAndSetsNames) {
  ObjectFiles files({absl::StrCat(BPFRIG_GOLDEN_DIR, "/plans")});
  Problems problems;
  Variables given;
  given.environment = {{"port", "81"}, {"not_a_variable", "x"}};
  given.command_line = {{"host", "9"}};
  const auto plan = ReadPlan(absl::StrCat(BPFRIG_GOLDEN_DIR, "/good/language.yaml"), files, problems, given);
  for (const Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->variables, (std::vector<std::string>{"host", "address", "port"}));
  ASSERT_EQ(plan->tests.size(), 4U);
  const plan::Test& test = plan->tests[1];
  EXPECT_EQ(test.name, "dials from 10.0.1.1 to quick");
  EXPECT_EQ(test.tags, (std::vector<std::string>{"shared", "fast", "quick"}));
  EXPECT_EQ(test.timeout, std::chrono::seconds(10));
  EXPECT_EQ(test.holds_without[0].value, "p");
  EXPECT_EQ(test.sandbox.request.addresses(0), "10.0.0.9");
  EXPECT_EQ(test.sandbox.request.addresses(1), "10.0.1.1");
  ASSERT_EQ(test.setup.size(), 1U);
  const auto& at = As<bpfrig::v1::ListenRequest>(*test.setup[0].call.request).at();
  EXPECT_EQ(at.address(), "10.0.0.9");
  EXPECT_EQ(at.port(), 81U);
  EXPECT_EQ(test.teardown.size(), 1U);
  ASSERT_EQ(test.steps.size(), 4U);
  EXPECT_EQ(As<bpfrig::v1::ConnectRequest>(*test.steps[1].call.request).name(), "c_quick");
  EXPECT_NE(test.steps[1].used_at.find("good/language.yaml:16:9"), std::string::npos);
  EXPECT_EQ(test.steps[1].deferred, nullptr);
  EXPECT_NE(test.steps[2].deferred, nullptr);
  EXPECT_EQ(test.steps[2].timeout, std::chrono::seconds(5));
  EXPECT_EQ(As<bpfrig::v1::ReadEventsRequest>(*test.steps[3].call.request).wait_ms(), 3000U);
}

TEST(GoodPlanTest, AddsTheRestOfAMapping) {
  ObjectFiles files({});
  Problems problems;
  const auto plan = ReadPlanText(
      "name: p\n"
      "vars:\n"
      "  v4: {family: v4, port: 80}\n"
      "  mapped: {<<: \"${v4}\", family: mapped}\n"
      "tests:\n"
      "  - name: dials (${family}, ${port})\n"
      "    each: [\"${v4}\", \"${mapped}\", {<<: \"${mapped}\", port: 81}]\n"
      "    steps:\n"
      "      - connect: {to: &to {address: 10.0.0.1, port: \"${port}\"}, from: {<<: *to, port: 5}}\n",
      "p.yaml", files, problems);
  for (const Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->tests.size(), 3U);
  EXPECT_EQ(plan->tests[1].name, "dials (mapped, 80)");
  EXPECT_EQ(plan->tests[2].name, "dials (mapped, 81)");
  const auto& from = As<bpfrig::v1::ConnectRequest>(*plan->tests[2].steps[0].call.request).from();
  EXPECT_EQ(from.address(), "10.0.0.1");
  EXPECT_EQ(from.port(), 5U);
}

TEST(GoodPlanTest, HasAFingerprintOfItsContent) {
  ObjectFiles files({absl::StrCat(BPFRIG_GOLDEN_DIR, "/plans")});
  const auto of = [&](const std::string& name, const std::string& steps) {
    Problems problems;
    const auto plan =
        ReadPlanText(absl::StrCat("name: p\nobjects: {obj: some.bpf.o}\ntests:\n  - name: ", name,
                                  "\n    steps: [", steps, "]\n"),
                     "p.yaml", files, problems);
    return plan ? plan->tests[0].fingerprint : 0;
  };
  const uint64_t first = of("a", "{load: {object: obj}}");
  EXPECT_NE(first, 0U);
  EXPECT_EQ(of("renamed", "{load: {object: obj}}"), first);
  EXPECT_NE(of("a", "{load: {object: obj, name: o}}"), first);
  EXPECT_NE(of("a", "{load: {object: obj}}, {detach: {link: x}}"), first);
}

// One random change of the text.
std::string Mutate(std::string text, std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      "{", "}",    "[",  "]",     ": ",   "- ", "\n",   "  ",   "\"",  "!ip ", "${",
      "}", "&a ",  "*a", "---\n", "!",    "#",  "'",    "\t",   "|\n", "? ",   "0x",
      "-", "\xff", "~",  "!be16", "<<: ", "%",  "2s\n", "null", ",",   "..."};
  const auto at = [&](size_t size) { return std::uniform_int_distribution<size_t>(0, size)(random); };
  if (text.empty()) return "a";
  const size_t from = at(text.size() - 1);
  switch (at(4)) {
    case 0:
      text.erase(from, at(12));
      break;
    case 1:
      text.insert(from, kPieces[at(kPieces.size() - 1)]);
      break;
    case 2:
      text[from] = static_cast<char>(at(255));
      break;
    case 3:
      text.insert(at(text.size()), text.substr(from, at(80)));
      break;
    default:
      text.resize(from);
      break;
  }
  return text;
}

TEST(MutatedPlanTest, EndsInAPlanOrInComplaints) {
  // The pieces that a plan includes are not there for mutants, which are text alone.
  std::vector<std::string> texts = {Read(fs::path(BPFRIG_GOLDEN_DIR) / "good/every_step.yaml"),
                                    Read(fs::path(BPFRIG_GOLDEN_DIR) / "good/language.yaml")};
  for (const fs::path& path : YamlFiles("plans")) texts.push_back(Read(path));
  ObjectFiles files({absl::StrCat(BPFRIG_GOLDEN_DIR, "/plans")});
  std::mt19937 random(20240229);
  size_t bad = 0;
  for (int i = 0; i < 4000; ++i) {
    // The good plan has the most in it.
    std::string text = i % 2 == 0 ? texts[0] : texts[static_cast<size_t>(i) / 2 % texts.size()];
    for (int changes = i % 3; changes >= 0; --changes) text = Mutate(std::move(text), random);
    Problems problems;
    const auto plan = ReadPlanText(text, "mutated.yaml", files, problems);
    ASSERT_EQ(plan.has_value(), problems.Empty()) << text;
    for (const Problem& problem : problems.Sorted()) {
      ASSERT_FALSE(problem.message.empty()) << text;
      ASSERT_GE(problem.mark.line, 1) << problem.message;
      ASSERT_GE(problem.mark.column, 1) << problem.message;
    }
    if (!plan) ++bad;
  }
  EXPECT_GT(bad, 1000U);
}

TEST(DeepPlanTest, IsRefusedWithoutRunningOutOfStack) {
  for (const size_t levels : {size_t{70}, size_t{100'000}}) {
    std::string text = "name: ";
    text.append(levels, '[');
    Problems problems;
    ObjectFiles files({});
    EXPECT_FALSE(ReadPlanText(text, "deep.yaml", files, problems).has_value());
    EXPECT_FALSE(problems.Empty());
  }
}

TEST(DeepPlanTest, RefusesNamesAndPiecesThatBlowUp) {
  std::string names = "name: p\nvars:\n  v0: [x, x, x, x, x, x, x, x]\n";
  std::string pieces = "name: p\npieces:\n  p0: [{detach: {link: x}}]\n";
  for (int i = 1; i < 30; ++i) {
    absl::StrAppend(&names, "  v", i, ": [\"${v", i - 1, "}\", \"${v", i - 1, "}\"]\n");
    absl::StrAppend(&pieces, "  p", i, ": [{use: p", i - 1, "}, {use: p", i - 1, "}]\n");
  }
  for (const std::string& text : {names + "tests: [{name: \"${v29}\", steps: [{detach: {link: x}}]}]\n",
                                  pieces + "tests: [{name: t, steps: [{use: p29}]}]\n"}) {
    Problems problems;
    ObjectFiles files({});
    EXPECT_FALSE(ReadPlanText(text, "laughs.yaml", files, problems).has_value());
    EXPECT_FALSE(problems.Empty());
  }
}

TEST(DeepPlanTest, RefusesAliasesThatBlowUp) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) absl::StrAppend(&text, "*a", i - 1, ", ");
    absl::StrAppend(&text, "x]\n");
  }
  Problems problems;
  ObjectFiles files({});
  EXPECT_FALSE(ReadPlanText(text, "laughs.yaml", files, problems).has_value());
  ASSERT_FALSE(problems.Empty());
  EXPECT_NE(problems.Sorted()[0].message.find("nodes"), std::string::npos);
}

}  // namespace
}  // namespace bpfrig::client::plan
