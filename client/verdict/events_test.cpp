// Records against what plans expect of them.
#include "client/verdict/events.h"

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
using testing::IsEmpty;
using testing::SizeIs;

TEST(EventsTest, ComparesInOrder) {
  const plan::Step step = ReadOne("events: {map: r}\nexpect: {exactly: [{a: 1}, {a: 2}]}\n");
  const auto& events = std::get<plan::EventsShape>(step.shape);
  const auto record = [](int a) {
    bpfrig::v1::Event event;
    event.set_raw(Pair(a, 9).bytes());
    *event.mutable_value() = Pair(a, 9).decoded();
    return event;
  };
  const std::vector<bpfrig::v1::ResolvedValue> patterns = {Pair(1, -1), Pair(2, -1)};
  EXPECT_THAT(CompareEvents(step.call, events, step.mark, {patterns, {record(1), record(2)}}), IsEmpty());
  EXPECT_THAT(Fields(CompareEvents(step.call, events, step.mark, {patterns, {record(2), record(1)}})),
              ElementsAre("exactly[0].a", "exactly[1].a"));
  EXPECT_THAT(Fields(CompareEvents(step.call, events, step.mark, {patterns, {record(1)}})),
              ElementsAre("exactly[1]"));
  EXPECT_THAT(
      Fields(CompareEvents(step.call, events, step.mark, {patterns, {record(1), record(2), record(3)}})),
      ElementsAre("exactly"));
}

TEST(EventsTest, ContainsWantsARecordForEach) {
  const plan::Step step = ReadOne("events: {map: r}\nexpect: {contains: [{a: 1}, {a: 1}]}\n");
  const auto& events = std::get<plan::EventsShape>(step.shape);
  bpfrig::v1::Event one;
  one.set_raw(Pair(1, 0).bytes());
  const std::vector<bpfrig::v1::ResolvedValue> patterns = {Pair(1, -1), Pair(1, -1)};
  EXPECT_FALSE(HasAll(events, {patterns, {one}}));
  EXPECT_TRUE(HasAll(events, {patterns, {one, one}}));
  EXPECT_THAT(CompareEvents(step.call, events, step.mark, {patterns, {one}}), SizeIs(1));
}

// Records {a, 0}, as a read would give them.
Events RecordsOf(const std::vector<bpfrig::v1::ResolvedValue>& patterns, const std::vector<int>& records) {
  Events events{patterns, {}};
  for (const int a : records) {
    bpfrig::v1::Event& event = events.events.emplace_back();
    event.set_raw(Pair(a, 0).bytes());
    *event.mutable_value() = Pair(a, 0).decoded();
  }
  return events;
}

Differences CompareEventsOf(const std::string& expect, const Events& events) {
  const plan::Step step = ReadOne("events: {map: r}\nexpect: " + expect + "\n");
  return CompareEvents(step.call, std::get<plan::EventsShape>(step.shape), step.mark, events);
}

TEST(EventsTest, InOrderLetsOthersBeBetween) {
  const std::vector<bpfrig::v1::ResolvedValue> patterns = {Pair(1, -1), Pair(3, -1)};
  EXPECT_THAT(CompareEventsOf("{in_order: [{a: 1}, {a: 3}]}", RecordsOf(patterns, {2, 1, 2, 3})), IsEmpty());
  const Differences turned = CompareEventsOf("{in_order: [{a: 1}, {a: 3}]}", RecordsOf(patterns, {3, 1, 2}));
  ASSERT_THAT(Fields(turned), ElementsAre("in_order[1]"));
  EXPECT_EQ(turned[0].actual, "record 0, but in_order[0] is record 1; the first is record 0");
  const Differences missing = CompareEventsOf("{in_order: [{a: 1}, {a: 3}]}", RecordsOf(patterns, {1, 9, 2}));
  ASSERT_THAT(Fields(missing), ElementsAre("in_order[1]"));
  EXPECT_EQ(missing[0].actual, "none of 2 after that one, nearest first:\n{a: 9, b: 0}\n{a: 2, b: 0}");
}

TEST(EventsTest, AbsentFindsWhatShouldNotBeThere) {
  const std::vector<bpfrig::v1::ResolvedValue> patterns = {Pair(4, -1)};
  EXPECT_THAT(CompareEventsOf("{absent: [{a: 4}]}", RecordsOf(patterns, {1, 2})), IsEmpty());
  const Differences found = CompareEventsOf("{absent: [{a: 4}]}", RecordsOf(patterns, {1, 4, 4}));
  ASSERT_THAT(Fields(found), ElementsAre("absent[0]"));
  EXPECT_EQ(found[0].actual, "{a: 4, b: 0}\n{a: 4, b: 0}");
}

TEST(EventsTest, LostRecordsFailUnlessTheyAreExpected) {
  Events events = RecordsOf({Pair(1, -1)}, {1});
  events.lost = 3;
  EXPECT_THAT(Fields(CompareEventsOf("{contains: [{a: 1}]}", events)), ElementsAre("lost"));
  EXPECT_THAT(CompareEventsOf("{contains: [{a: 1}], lost: !at_least 1}", events), IsEmpty());
  EXPECT_THAT(Fields(CompareEventsOf("{contains: [{a: 1}], lost: 0}", events)), ElementsAre("lost"));
}

}  // namespace
}  // namespace bpfrig::client::verdict
