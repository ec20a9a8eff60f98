// What the golden plans (tests/golden/check) cannot show: descriptions that leave something open, and those
// of objects that are not built here.
#include "client/check/test_check.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/plan/object_files.h"
#include "client/plan/plan_reader.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::check {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kObject[] = R"pb(
  has_btf: true
  programs { name: "redirect" type: "cgroup_sock_addr" place: ATTACH_PLACE_CGROUP loaded_by_default: true }
  programs { name: "optional" type: "cgroup_sock_addr" place: ATTACH_PLACE_CGROUP }
  maps { name: "flags" type: "hash" key_size: 4 value_size: 4 max_entries: 8 key_type: 1 value_type: 2 }
  maps { name: "sizes" type: "hash" key_size: 4 value_size: 8 max_entries: 8 }
  maps { name: "empty" type: "hash" key_size: 4 value_size: 4 missing: "max_entries" }
  maps { name: "input" type: "user_ringbuf" max_entries: 4096 }
  maps { name: "pinned" type: "hash" key_size: 4 value_size: 4 max_entries: 1 pinned_by_name: true }
  types { id: 1 name: "unsigned int" kind: TYPE_KIND_INTEGER size: 4 }
  types {
    id: 2
    name: "flag"
    kind: TYPE_KIND_ENUM
    size: 4
    enumerators { name: "FLAG_A" value: 1 }
    enumerators { name: "FLAG_B" value: 2 }
  }
  types {
    id: 3
    name: "record"
    kind: TYPE_KIND_STRUCT
    size: 4
    members { name: "length" type: 1 type_name: "unsigned int" }
    members { name: "bytes" type: 4 type_name: "array of 0 unsigned int" bit_offset: 32 }
    members { name: "far" type: 99 type_name: "beyond" bit_offset: 32 }
  }
  types { id: 4 kind: TYPE_KIND_ARRAY of: 1 }
)pb";

class TestCheckTest : public testing::Test {
 protected:
  TestCheckTest() { (void)google::protobuf::TextFormat::ParseFromString(kObject, &description_); }

  // The messages, by the places that they are about.
  std::vector<std::string> Check(const std::string& steps, const std::string& plan_keys = "",
                                 const std::string& test_keys = "") {
    std::ofstream(temporary_.path() / "o.bpf.o") << "the object";
    std::ofstream(temporary_.path() / "unknown.bpf.o") << "another object";
    plan::ObjectFiles files({});
    plan::Problems problems;
    const auto plan =
        plan::ReadPlanText(absl::StrCat("name: p\nobjects: {o: o.bpf.o, unknown: unknown.bpf.o}\n", plan_keys,
                                        "tests:\n  - name: t\n", test_keys, "    steps:\n", steps),
                           (temporary_.path() / "p.yaml").string(), files, problems);
    std::vector<std::string> messages;
    for (const plan::Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
    if (!plan) return messages;
    Descriptions descriptions;
    for (const plan::Step* step : StepsOf(plan->tests[0])) {
      const std::optional<LoadedAs> loaded = LoadOf(*step);
      if (loaded && *loaded->bytes == "the object") descriptions.emplace(*loaded, description_);
    }
    CheckTest(plan->tests[0], descriptions, problems);
    for (const plan::Problem& problem : problems.Sorted()) messages.push_back(problem.message);
    return messages;
  }

  const common::TemporaryDirectory temporary_;
  bpfrig::v1::ObjectDescription description_;
};

constexpr char kLoad[] = "      - load: {object: o, maps: [{map: empty, max_entries: 4}]}\n";

TEST_F(TestCheckTest, SaysWhichTypesThereAreOnlyIfNoOtherSourceCanHaveIt) {
  const std::string seed =
      "      - seed: {map: sizes, key_type: unsigned int, value_type: recrd, entries: [{key: 1, value: "
      "2}]}\n";
  EXPECT_THAT(
      Check(kLoad + seed),
      ElementsAre("object \"o\" has no type \"recrd\" (did you mean \"record\"?); it has record, flag"));
  // Another object may have it.
  EXPECT_THAT(Check(std::string("      - load: {object: unknown, types_only: true}\n") + kLoad + seed),
              IsEmpty());
  description_.set_types_truncated(true);
  EXPECT_THAT(Check(kLoad + seed), IsEmpty());
  description_.set_types_truncated(false);
  description_.set_has_dwarf(true);
  EXPECT_THAT(Check(kLoad + seed), IsEmpty());
}

TEST_F(TestCheckTest, TakesSetupAndTeardownForStepsOfTheTest) {
  const std::string setup = absl::StrCat("setup:\n", kLoad, "teardown:\n  - dump: {map: flgs}\n");
  EXPECT_THAT(Check("      - dump: {map: flags}\n", setup),
              ElementsAre(HasSubstr("has a map \"flgs\" (did you mean \"flags\"?)")));
}

TEST_F(TestCheckTest, SaysNothingOfWhatIsCaptured) {
  const std::string captures =
      "      - connect: {name: c, to: {address: 127.0.0.1, port: 80}}\n        capture: {map: server}\n";
  EXPECT_THAT(Check(kLoad + captures + "      - dump: {map: \"${map}\"}\n"), IsEmpty());
  // What is wrong whatever was captured is said, once.
  EXPECT_THAT(Check(kLoad + captures +
                    "      - dump: {map: flgas, keys: [\"${map}\"]}\n"
                    "      - seed: {map: flags, entries: [{key: \"${map}\", value: FLAG_C}]}\n"),
              ElementsAre(HasSubstr("flgas"), HasSubstr("FLAG_C")));
}

TEST_F(TestCheckTest, LooksUpWhatATestHoldsWithout) {
  EXPECT_THAT(Check(kLoad, "", "    holds_without: [redirct]\n"),
              ElementsAre(HasSubstr("has a program \"redirct\" (did you mean \"redirect\"?)")));
}

TEST_F(TestCheckTest, LeavesTheKernelsTypesToTheKernel) {
  EXPECT_THAT(
      Check(std::string(kLoad) + "      - seed: {map: sizes, value_type: vmlinux/sk_buff, entries: [{key: 1, "
                                 "value: {anything: 2}}]}\n"),
      IsEmpty());
}

TEST_F(TestCheckTest, TakesFlagsTogether) {
  EXPECT_THAT(
      Check(std::string(kLoad) +
            "      - seed: {map: flags, entries: [{key: 1, value: FLAG_A|FLAG_B}, {key: 2, value: \"FLAG_A | "
            "4\"}, {key: 3, value: FLAG_A|FLAG_C}]}\n"),
      ElementsAre(HasSubstr("enum flag has no enumerator \"FLAG_C\"")));
}

TEST_F(TestCheckTest, KnowsRecordsThatAreWritten) {
  EXPECT_THAT(
      Check(std::string(kLoad) +
            "      - write: {map: input, type: record, records: [{length: 1, bytes: [1, 2], far: {x: 1}}, "
            "{lenght: 2}]}\n"),
      ElementsAre(HasSubstr("struct record has no member \"lenght\" (did you mean \"length\"?)")));
  EXPECT_THAT(Check(std::string(kLoad) + "      - write: {map: flags, records: [!hex 00]}\n"),
              ElementsAre("map \"flags\" is of type hash, not a user ring buffer"));
}

TEST_F(TestCheckTest, SaysWhatAPlanHasToSet) {
  EXPECT_THAT(Check("      - load: {object: o}\n"),
              ElementsAre("map \"empty\" has no max_entries: maps: [{map: empty, max_entries: ...}]"));
  EXPECT_THAT(Check("      - load: {object: o}\n        expect: {rejected: {errno: EINVAL}}\n"),
              ElementsAre(HasSubstr("has no max_entries")));
}

TEST_F(TestCheckTest, TakesAMapThatIsSharedForOne) {
  const std::string again =
      "      - load: {object: o, name: again, maps: [{map: empty, shared_with: o/empty}]}\n";
  EXPECT_THAT(Check(kLoad + again +
                    "      - dump: {map: pinned}\n        expect: {count: 1}\n"
                    "      - dump: {map: empty}\n        expect: {count: 0}\n"),
              IsEmpty());
  EXPECT_THAT(Check(kLoad + again + "      - dump: {map: sizes}\n        expect: {count: 0}\n"),
              ElementsAre("several objects have a map \"sizes\": say o/sizes or again/sizes"));
}

TEST_F(TestCheckTest, SaysNothingOfAnObjectThatItDoesNotKnow) {
  EXPECT_THAT(Check("      - load: {object: unknown, programs: [x], attach: [x], globals: {g: 1}}\n"
                    "      - attach: {program: y}\n"
                    "      - attach: {program: unknown/z}\n"
                    "      - seed: {map: any, entries: [{key: 1, value: {a: 1}}]}\n"),
              IsEmpty());
  EXPECT_THAT(Check("      - load: {object: unknown}\n      - attach: {program: unknwon/z}\n"),
              ElementsAre(HasSubstr("no object \"unknwon\" is loaded here (did you mean \"unknown\"?)")));
}

TEST_F(TestCheckTest, KnowsWhichProgramsAreNotLoadedByDefault) {
  EXPECT_THAT(Check(std::string(kLoad) + "      - attach: {program: optional}\n"),
              ElementsAre("program \"optional\" is not among those that object \"o\" was loaded with"));
}

// Whatever a plan says, the check comes to an end.
TEST_F(TestCheckTest, EndsForEveryPlanThatCanBeRead) {
  std::ifstream file(BPFRIG_GOLDEN_DIR "/good/every_step.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  plan::ObjectFiles files({BPFRIG_GOLDEN_DIR "/plans"});
  std::mt19937 random(20261127);
  const auto below = [&](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  int checked = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string changed = text;
    // Names that differ in a letter are what most mistakes are.
    if (i > 0) changed[below(changed.size())] = static_cast<char>('a' + below(26));
    plan::Problems problems;
    const auto plan = plan::ReadPlanText(changed, "p.yaml", files, problems);
    if (!plan) continue;
    ++checked;
    for (const plan::Test& test : plan->tests) {
      Descriptions descriptions;
      for (const plan::Step& step : test.steps) {
        if (const auto loaded = LoadOf(step)) descriptions.emplace(*loaded, description_);
      }
      CheckTest(test, descriptions, problems);
    }
    for (const plan::Problem& problem : problems.Sorted()) {
      ASSERT_FALSE(problem.message.empty());
      ASSERT_GE(problem.mark.line, 1) << problem.message;
    }
  }
  EXPECT_GT(checked, 100);
}

}  // namespace
}  // namespace bpfrig::client::check
