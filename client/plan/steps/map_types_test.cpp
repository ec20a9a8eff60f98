#include "client/plan/steps/map_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/plan/yaml/yaml_reader.h"

namespace bpfrig::client::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

NodePtr Parse(const std::string& text) {
  Problems problems;
  NodePtr node = ReadYaml(text, std::make_shared<const std::string>("t.yaml"), problems);
  EXPECT_TRUE(problems.Empty());
  return node;
}

std::vector<std::string> Texts(const Problems& problems) {
  std::vector<std::string> texts;
  for (const Problem& problem : problems.Sorted()) texts.push_back(ToString(problem));
  return texts;
}

class MapTypesTest : public testing::Test {
 protected:
  void Read(const std::string& text) { types_.Read(Parse(text), MapTypes::Origin::kPlan, problems_); }
  // What the step says under `key` once it has the types of its map.
  std::string Added(const std::string& step, const std::string& key) {
    const NodePtr typed = types_.AddTo(Parse(step));
    const NodePtr found = FindKey(*typed->pairs.front().value, key);
    return found == nullptr ? "" : found->text;
  }

  MapTypes types_;
  Problems problems_;
};

TEST_F(MapTypesTest, SaysWhatAStepDoesNotSay) {
  Read("{m: [k, types/v], ring: e}");
  EXPECT_EQ(Added("seed: {map: m}", "key_type"), "k");
  EXPECT_EQ(Added("dump: {map: m}", "value_type"), "types/v");
  EXPECT_EQ(Added("dump: {map: m, value_type: other}", "value_type"), "other");
  EXPECT_EQ(Added("dump: {map: m, value_type: other}", "key_type"), "k");
  EXPECT_EQ(Added("events: {map: ring}", "type"), "e");
  EXPECT_EQ(Added("events: {map: ring}", "key_type"), "");
  EXPECT_EQ(Added("dump: {map: ring}", "value_type"), "e");
  EXPECT_EQ(Added("attach: {map: m}", "value_type"), "");
  types_.CheckUsed(problems_);
  EXPECT_THAT(Texts(problems_), IsEmpty());
}

TEST_F(MapTypesTest, KnowsAMapWithAndWithoutItsObject) {
  Read("{m: [k, v], a/n: w, b/n: x}");
  EXPECT_EQ(Added("dump: {map: obj/m}", "value_type"), "v");
  EXPECT_EQ(Added("dump: {map: a/n}", "value_type"), "w");
  EXPECT_EQ(Added("dump: {map: b/n}", "value_type"), "x");
  EXPECT_EQ(Added("dump: {map: c/n}", "value_type"), "");
}

TEST_F(MapTypesTest, ComplainsOfMapsThatNoStepUses) {
  Read("{hits: v, n: w}");
  EXPECT_EQ(Added("dump: {map: hit}", "value_type"), "");
  EXPECT_EQ(Added("dump: {map: n}", "value_type"), "w");
  types_.CheckUsed(problems_);
  EXPECT_THAT(Texts(problems_), ElementsAre("t.yaml:1:2: types names map \"hits\", which no step reads or "
                                            "writes (did you mean \"hit\"?)"));
}

TEST_F(MapTypesTest, LetsAPlanLeaveOutWhatItIncludes) {
  types_.Read(Parse("{hits: v, n: w}"), MapTypes::Origin::kIncluded, problems_);
  EXPECT_EQ(Added("dump: {map: n}", "value_type"), "w");
  types_.CheckUsed(problems_);
  EXPECT_THAT(Texts(problems_), IsEmpty());
}

TEST_F(MapTypesTest, ComplainsOfWhatIsNoType) {
  Read("{a: [k], b: {key: k}, c: [k, !ip 1.2.3.4], d: }");
  EXPECT_THAT(Texts(problems_), testing::SizeIs(4));
  problems_ = Problems();
  Read("[a, b]");
  EXPECT_THAT(Texts(problems_), testing::SizeIs(1));
}

}  // namespace
}  // namespace bpfrig::client::plan
