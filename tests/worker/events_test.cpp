// ReadEvents: ring buffers, with a program that writes into one at each connect.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

class EventsTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded =
        worker_.Load(TestObject("all_maps"), R"(attach { program: "connect_with_maps" })");
    ASSERT_TRUE(loaded.ok()) << loaded.Text();
  }
  void Connect(int port) {
    const CallResult result =
        Run("connect { to { address: \"10.96.0.1\" port: " + std::to_string(port) + " } }");
    EXPECT_EQ(result.reply().connect().errno_name(), "ECONNREFUSED") << result.Text();
  }
};

TEST_F(EventsTest, RecordsFromBeforeTheFirstReadAreThere) {
  Connect(81);
  Connect(82);
  const CallResult result = Run(R"(read_events { map: "events" type: "connect_event"
      patterns { fields { fields { name: "port" value { unsigned_integer: 81 } }
                          fields { name: "address" value { tag { ip: "10.96.0.1" } } } } } })");
  ASSERT_TRUE(result.ok()) << result.Text();
  const std::vector<v1::Event> events = Events(result);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].value().fields().fields(1).name(), "port");
  EXPECT_EQ(events[0].value().fields().fields(1).value().unsigned_integer(), 81u);
  EXPECT_EQ(events[1].value().fields().fields(1).value().unsigned_integer(), 82u);
  const v1::ResolvedValue& pattern = result.replies[0].read_events().patterns(0);
  for (size_t i = 0; i < pattern.bytes().size(); ++i) {
    EXPECT_EQ((pattern.bytes()[i] ^ events[0].raw()[i]) & pattern.mask()[i], 0) << i;
  }
  EXPECT_EQ(result.reply().read_events().summary().count(), 2u);
  EXPECT_FALSE(result.reply().read_events().summary().timed_out());
  // Reading consumed them.
  EXPECT_TRUE(Events(Run(R"(read_events { map: "events" })")).empty());
}

TEST_F(EventsTest, AReadWaitsForRecordsStillToCome) {
  TestCall reading =
      worker_.Start(R"(read_events { map: "events" type: "connect_event" at_least: 3 wait_ms: 20000 })");
  Connect(81);
  Connect(82);
  Connect(83);
  const CallResult result = reading.Wait();
  EXPECT_EQ(Events(result).size(), 3u) << result.Text();
  EXPECT_FALSE(result.reply().read_events().summary().timed_out());
}

TEST_F(EventsTest, AReadThatGetsTooLittleTellsSoAndGivesIt) {
  Connect(81);
  const CallResult result = Run(R"(read_events { map: "events" at_least: 2 wait_ms: 50 })");
  EXPECT_EQ(Events(result).size(), 1u) << result.Text();
  EXPECT_FALSE(Events(result)[0].has_value());
  EXPECT_TRUE(result.reply().read_events().summary().timed_out());
}

TEST_F(EventsTest, ABufferHasOneReaderAtATime) {
  {
    TestCall first = worker_.Start(R"(read_events { map: "events" at_least: 1 wait_ms: 60000 })");
    Connect(81);
    EXPECT_EQ(Events(first.Wait()).size(), 1u);
    TestCall waiting = worker_.Start(R"(read_events { map: "events" at_least: 1 wait_ms: 60000 })");
    // Calls begin in order: this one began after the waiting one.
    const CallResult second = Run(R"(read_events { map: "events" })");
    EXPECT_EQ(second.finished.detail().errno_name(), "EBUSY") << second.Text();
    EXPECT_EQ(second.field(), "map");
  }
  // The waiting one was cancelled, so its place is free; records now go to the next reader.
  Connect(82);
  const CallResult third = Run(R"(read_events { map: "events" at_least: 1 wait_ms: 20000 })");
  EXPECT_EQ(Events(third).size(), 1u) << third.Text();
}

TEST_F(EventsTest, MoreRecordsThanTheBufferHoldsComeInTheirOrder) {
  // A page holds about fifteen: they are read as they come, or the program finds no room for the next.
  TestCall reading = worker_.Start(R"(read_events { map: "events" at_least: 100 wait_ms: 10000 })");
  for (int i = 0; i < 100; ++i) Connect(1000 + i);
  const std::vector<v1::Event> events = Events(reading.Wait());
  ASSERT_EQ(events.size(), 100u);
  for (size_t i = 0; i < events.size(); ++i) {
    uint16_t port = 0;
    std::memcpy(&port, events[i].raw().data() + sizeof(uint32_t), sizeof(port));
    EXPECT_EQ(port, 1000 + i);
  }
}

TEST_F(EventsTest, PackedRecordsAreThoseOfTheBufferAsBytes) {
  Connect(81);
  Connect(82);
  // The type serves the patterns.
  const CallResult result = Run(R"(read_events { map: "events" packed: true type: "connect_event"
      patterns { fields { fields { name: "port" value { unsigned_integer: 81 } } } } })");
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.replies[0].read_events().patterns_size(), 1);
  std::string records;
  std::vector<uint32_t> lengths;
  for (const auto& reply : result.replies) {
    EXPECT_EQ(reply.read_events().events_size(), 0);
    EXPECT_EQ(reply.read_events().packed().cpus_size(), 0) << "a ring buffer does not tell them";
    records += reply.read_events().packed().records();
    for (const uint32_t length : reply.read_events().packed().lengths()) lengths.push_back(length);
  }
  ASSERT_EQ(lengths.size(), 2u);
  EXPECT_EQ(result.reply().read_events().summary().count(), 2u);
  // The same records, one by one.
  Connect(81);
  Connect(82);
  const std::vector<v1::Event> events = Events(Run(R"(read_events { map: "events" })"));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(lengths[0], events[0].raw().size());
  EXPECT_EQ(records, events[0].raw() + events[1].raw());
  const CallResult none = Run(R"(read_events { map: "events" packed: true at_least: 1 wait_ms: 50 })");
  EXPECT_TRUE(none.reply().read_events().summary().timed_out()) << none.Text();
}

TEST_F(EventsTest, WrongMapsAndTypesAreNamed) {
  const CallResult hash = Run(R"(read_events { map: "hash" })");
  EXPECT_EQ(hash.reason(), v1::ERROR_REASON_TYPE_MISMATCH) << hash.Text();
  EXPECT_EQ(hash.field(), "map");
  EXPECT_EQ(Run(R"(read_events { map: "events" type: "nothing" })").field(), "type");
  const CallResult pattern = Run(R"(read_events { map: "events" type: "connect_event"
      patterns { fields { fields { name: "nothing" value { unsigned_integer: 81 } } } } })");
  EXPECT_EQ(pattern.field(), "patterns[0].nothing") << pattern.Text();
}

}  // namespace
}  // namespace bpfrig::tests
