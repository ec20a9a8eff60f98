#include "client/plan/steps/key_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "bpfrig/v1/map.pb.h"
#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/yaml_reader.h"

namespace bpfrig::client::plan {
namespace {

namespace v1 = bpfrig::v1;
using testing::ElementsAre;
using testing::HasSubstr;

Step Read(const std::string& text, std::vector<std::string>* complaints = nullptr) {
  Problems problems;
  const NodePtr node = ReadYaml(text, std::make_shared<const std::string>("t.yaml"), problems);
  Step step = ReadStep(node, {}, problems);
  for (const Problem& problem : problems.Sorted()) {
    if (complaints != nullptr) {
      complaints->push_back(ToString(problem));
    } else {
      ADD_FAILURE() << ToString(problem);
    }
  }
  return step;
}

TEST(KeyRangesTest, AnEntryOfARangeIsOneForEachKey) {
  const Step step = Read("seed: {map: m, entries: [{key: 100, value: 1}, {keys: 3..5, value: 2}]}");
  const auto& request = As<v1::SeedMapRequest>(*step.call.request);
  std::vector<uint64_t> keys;
  for (const auto& entry : request.entries()) keys.push_back(entry.key().unsigned_integer());
  EXPECT_THAT(keys, ElementsAre(100, 3, 4, 5));
  EXPECT_EQ(request.entries(3).value().unsigned_integer(), 2U);
}

TEST(KeyRangesTest, AnErrorOfOneKeyPointsAtItsRange) {
  const Step step =
      Read("seed:\n  map: m\n  entries:\n    - {key: 1, value: 1}\n    - {keys: 2..9, value: 2}\n");
  EXPECT_EQ(ToString(MarkOfField(step, "entries[4].key")), "t.yaml:5:14");
}

TEST(KeyRangesTest, ADumpTakesRangesAmongItsKeys) {
  const Step alone = Read("dump: {map: m, keys: 0..65535}\nexpect: {count: 65536}");
  EXPECT_EQ(As<v1::DumpMapRequest>(*alone.call.request).keys_size(), 65536);
  const Step listed = Read("dump: {map: m, keys: [7, 1..2]}");
  const auto& request = As<v1::DumpMapRequest>(*listed.call.request);
  ASSERT_EQ(request.keys_size(), 3);
  EXPECT_EQ(request.keys(2).unsigned_integer(), 2U);
}

TEST(KeyRangesTest, ExpectedEntriesTakeThemToo) {
  const Step step =
      Read("dump: {map: m}\nexpect: {contains: [{keys: 0..9, value: 1}], absent: [{keys: [20, 30]}]}");
  const auto& shape = std::get<DumpShape>(step.shape);
  EXPECT_EQ(shape.contains->value.count, 10U);
  EXPECT_EQ(shape.absent->value.count, 2U);
  EXPECT_EQ(shape.entries[11].key.value.unsigned_integer(), 30U);
}

TEST(KeyRangesTest, BrokenRangesAreNamed) {
  for (const char* range : {"5..3", "0..100000", "1..x", "..4"}) {
    std::vector<std::string> complaints;
    (void)Read(std::string("seed: {map: m, entries: [{keys: ") + range + ", value: 1}]}", &complaints);
    ASSERT_FALSE(complaints.empty()) << range;
    EXPECT_THAT(complaints[0], HasSubstr("a range of keys must be two numbers such as 0..99")) << range;
  }
  std::vector<std::string> both;
  (void)Read("seed: {map: m, entries: [{key: 1, keys: 0..1, value: 1}]}", &both);
  EXPECT_THAT(both, testing::Contains(HasSubstr("key and keys exclude each other")));
}

TEST(KeyRangesTest, RangesOfOneListHaveALimitTogether) {
  std::vector<std::string> complaints;
  (void)Read("seed: {map: m, entries: [{keys: 0..60000, value: 1}, {keys: 0..60000, value: 1}]}",
             &complaints);
  EXPECT_THAT(complaints, testing::Contains(HasSubstr("the ranges of one list may have 100000 keys in all")));
}

}  // namespace
}  // namespace bpfrig::client::plan
