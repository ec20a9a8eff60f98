// Dumps against what plans expect in them.
#include "client/verdict/entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "client/verdict/testing/step_text.h"
#include "client/verdict/testing/typed_answers.h"

namespace bpfrig::client::verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Differences CompareDumpOf(const std::string& expect, const Dump& dump) {
  const plan::Step step = ReadOne("dump: {map: m}\nexpect: " + expect + "\n");
  return CompareDump(std::get<plan::DumpShape>(step.shape), step.mark, dump);
}

TEST(DumpTest, HoldsWhateverTheOrder) {
  const Dump dump{{Pattern(2, 5, -1), Pattern(1, -1, 6)}, {Entry(1, 4, 6), Entry(2, 5, 9)}, {}};
  EXPECT_THAT(CompareDumpOf("{exactly: [{key: 2, value: {a: 5}}, {key: 1, value: {b: 6}}], count: 2}", dump),
              IsEmpty());
}

TEST(DumpTest, NamesTheFieldThatDiffersIfTheKeyIsThere) {
  const Dump dump{{Pattern(1, 4, 7)}, {Entry(1, 4, 6)}, {}};
  const Differences differences = CompareDumpOf("{exactly: [{key: 1, value: {a: 4, b: 7}}]}", dump);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].field, "exactly[0].value.b (key 1)");
  EXPECT_EQ(differences[0].expected, "7");
  EXPECT_EQ(differences[0].actual, "6");
  EXPECT_EQ(ToString(differences[0].mark), "t.yaml:2:46");
}

TEST(DumpTest, ListsMissingAndUnexpectedEntries) {
  const Dump dump{{Pattern(1, 4, -1)}, {Entry(2, 5, 6)}, {}};
  const Differences differences = CompareDumpOf("{exactly: [{key: 1, value: {a: 4}}]}", dump);
  ASSERT_THAT(differences, SizeIs(2));
  EXPECT_EQ(differences[0].actual, "no such entry");
  EXPECT_EQ(differences[1].actual, "{key: 2, value: {a: 5, b: 6}}");
}

TEST(DumpTest, ShowsWhatIsThereNearestFirst) {
  Dump dump{{Pattern(200, 7, -1)}, {}, {}};
  for (int key = 0; key < 12; ++key) dump.entries.push_back(Entry(key, key, 0));
  dump.entries.push_back(Entry(201, 7, 0));
  const Differences missing = CompareDumpOf("{contains: [{key: 200, value: {a: 7}}]}", dump);
  ASSERT_THAT(missing, SizeIs(1));
  EXPECT_THAT(
      missing[0].actual,
      testing::StartsWith("no such entry; there are, nearest first:\n{key: 201, value: {a: 7, b: 0}}\n"
                          "{key: 7, value: {a: 7, b: 0}}\n{key: 11,"));
  EXPECT_THAT(missing[0].actual, testing::EndsWith("\nand 3 more entries"));
  const Differences count = CompareDumpOf("{count: 1}", dump);
  ASSERT_THAT(count, SizeIs(1));
  EXPECT_THAT(count[0].actual, testing::StartsWith("13\n{key: 0, value: {a: 0, b: 0}}\n"));
  EXPECT_THAT(
      CompareDumpOf("{contains: [{key: 200, value: {a: 7}}]}", {{Pattern(200, 7, -1)}, {}, {}})[0].actual,
      "no such entry; the map is empty");
}

TEST(DumpTest, BoundsWhatShouldBeAbsentOrIsUnexpected) {
  Dump dump{{Pattern(-1, -1, 0)}, {}, {}};
  for (int key = 0; key < 15; ++key) dump.entries.push_back(Entry(key, key, 0));
  const Differences absent = CompareDumpOf("{absent: [{value: {b: 0}}]}", dump);
  ASSERT_THAT(Fields(absent), ElementsAre("absent[0]"));
  EXPECT_THAT(absent[0].actual, testing::EndsWith("{key: 9, value: {a: 9, b: 0}}\nand 5 more entries"));
  dump.patterns.clear();
  const Differences exactly = CompareDumpOf("{exactly: []}", dump);
  ASSERT_THAT(Fields(exactly), ElementsAre("exactly"));
  EXPECT_THAT(exactly[0].actual, testing::EndsWith("\nand 5 more entries"));
}

TEST(DumpTest, NamesAFewOfManyMissingEntries) {
  const plan::Step step = ReadOne("dump: {map: m}\nexpect: {contains: [{keys: 0..99}]}\n");
  Dump dump{{}, {Entry(200, 1, 1)}, {}};
  for (int key = 0; key < 100; ++key) dump.patterns.push_back(Pattern(key, -1, -1));
  const Differences differences = CompareDump(std::get<plan::DumpShape>(step.shape), step.mark, dump);
  ASSERT_THAT(differences, SizeIs(11));
  EXPECT_EQ(differences[10].field, "contains");
  EXPECT_EQ(differences[10].expected, "90 more entries");
}

TEST(DumpTest, ExactlyNothingMeansEmpty) {
  EXPECT_THAT(CompareDumpOf("{exactly: []}", {{}, {}, {}}), IsEmpty());
  EXPECT_THAT(CompareDumpOf("{exactly: []}", {{}, {Entry(1, 1, 1)}, {}}), SizeIs(1));
}

TEST(DumpTest, ContainsIgnoresTheRestAndAbsentFindsIt) {
  const Dump dump{{Pattern(1, -1, -1)}, {Entry(1, 4, 6), Entry(2, 5, 9)}, {}};
  EXPECT_THAT(CompareDumpOf("{contains: [{key: 1}]}", dump), IsEmpty());
  EXPECT_THAT(Fields(CompareDumpOf("{absent: [{key: 1}]}", dump)), ElementsAre("absent[0]"));
  EXPECT_THAT(Fields(CompareDumpOf("{count: 3, contains: [{key: 1}]}", dump)), ElementsAre("count"));
}

TEST(DumpTest, DoesNotTrustATruncatedDump) {
  Dump dump{{Pattern(9, -1, -1)}, {Entry(1, 4, 6)}, {}};
  dump.summary.set_truncated(true);
  EXPECT_THAT(Fields(CompareDumpOf("{absent: [{key: 9}]}", dump)), ElementsAre("dump"));
}

TEST(DumpTest, WantsAValueOnEveryCpuOrOnAny) {
  bpfrig::v1::DumpedEntry entry = Entry(1, 0, 0);
  entry.add_raw_cpu_values(Pair(0, 0).bytes());
  entry.add_raw_cpu_values(Pair(3, 0).bytes());
  *entry.add_cpu_values() = Pair(0, 0).decoded();
  *entry.add_cpu_values() = Pair(3, 0).decoded();
  const Dump dump{{Pattern(1, 3, -1)}, {entry}, {}};
  EXPECT_THAT(CompareDumpOf("{contains: [{key: 1, value: {a: 3}, cpus: any}]}", dump), IsEmpty());
  EXPECT_THAT(Fields(CompareDumpOf("{contains: [{key: 1, value: {a: 3}}]}", dump)),
              ElementsAre("contains[0].value on CPU 0.a (key 1)"));
}

// The entry {key: 1} of a per-CPU map with these values on its CPUs.
Dump PerCpu(const std::vector<bpfrig::v1::Value>& values) {
  bpfrig::v1::DumpedEntry entry = Entry(1, 0, 0);
  for (const bpfrig::v1::Value& value : values) {
    entry.add_raw_cpu_values("xx");
    *entry.add_cpu_values() = value;
  }
  Dump dump{{}, {entry}, {}};
  *dump.patterns.emplace_back().mutable_key() = Byte(1);
  return dump;
}

bpfrig::v1::Value Signed(int64_t number) {
  bpfrig::v1::Value value;
  value.set_signed_integer(number);
  return value;
}

TEST(DumpTest, AddsUpTheNumbersOfAllCpus) {
  const Dump pairs = PerCpu({Pair(1, 200).decoded(), Pair(2, 200).decoded()});
  EXPECT_THAT(CompareDumpOf("{exactly: [{key: 1, value: {a: 3, b: !at_least 400}, cpus: sum}]}", pairs),
              IsEmpty());
  const Differences differences =
      CompareDumpOf("{exactly: [{key: 1, value: {a: 1, b: !at_least 401}, cpus: sum}]}", pairs);
  EXPECT_THAT(Fields(differences), ElementsAre("exactly[0].value.a over all CPUs (key 1)",
                                               "exactly[0].value.b over all CPUs (key 1)"));
  EXPECT_EQ(differences[1].actual, "400");
  EXPECT_THAT(CompareDumpOf("{exactly: [{key: 1, value: 3, cpus: sum}]}", PerCpu({Signed(-4), Signed(7)})),
              IsEmpty());
  EXPECT_THAT(CompareDumpOf("{exactly: [{key: 1, value: -3, cpus: sum}]}", PerCpu({Signed(4), Signed(-7)})),
              IsEmpty());
  bpfrig::v1::Value list;
  for (int i = 1; i <= 3; ++i) *list.mutable_list()->add_values() = Signed(i);
  EXPECT_THAT(CompareDumpOf("{exactly: [{key: 1, value: [2, !not 5], cpus: sum}]}", PerCpu({list, list})),
              IsEmpty());
}

TEST(DumpTest, SaysThatValuesWithoutATypeHaveNoSum) {
  bpfrig::v1::DumpedEntry entry = Entry(1, 0, 0);
  entry.add_raw_cpu_values("xx");
  const Dump dump{{Pattern(1, -1, -1)}, {entry}, {}};
  const Differences differences = CompareDumpOf("{exactly: [{key: 1, value: 3, cpus: sum}]}", dump);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_THAT(differences[0].actual, HasSubstr("value_type"));
}

}  // namespace
}  // namespace bpfrig::client::verdict
