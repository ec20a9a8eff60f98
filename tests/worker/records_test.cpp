// Records through perf event arrays and user ring buffers.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

uint64_t NumberOf(const v1::Event& event, const std::string& member) {
  for (const v1::Field& field : event.value().fields().fields()) {
    if (field.name() == member) return field.value().unsigned_integer();
  }
  ADD_FAILURE() << "no " << member << " in " << event.DebugString();
  return 0;
}

class PerfEventsTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded = worker_.Load(TestObject("packet_records"));
    ASSERT_TRUE(loaded.ok()) << loaded.Text();
  }
  void RunPackets(int count) {
    BPFRIG_EXPECT_RUNS(
        absl::StrCat("run_program { program: \"report_packet\" ", kPacket, " repeat: ", count, " }"));
  }
};

TEST_F(PerfEventsTest, RecordsFromBeforeTheFirstReadAreThere) {
  RunPackets(3);
  const CallResult result = Run(R"(read_events { map: "packets" type: "packet_record"
      patterns { fields { fields { name: "kind" value { unsigned_integer: 7 } } } } })");
  const std::vector<v1::Event> events = Events(result);
  ASSERT_EQ(events.size(), 3u) << result.Text();
  for (uint64_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(NumberOf(events[i], "number"), i);
    EXPECT_EQ(NumberOf(events[i], "kind"), 7u);
  }
  EXPECT_EQ(result.reply().read_events().summary().lost(), 0u);
  // Reading consumed them.
  EXPECT_TRUE(Events(Run(R"(read_events { map: "packets" })")).empty());
}

TEST_F(PerfEventsTest, PackedRecordsHaveTheirCpus) {
  RunPackets(3);
  const CallResult one_by_one = Run(R"(read_events { map: "packets" })");
  RunPackets(3);
  const CallResult result = Run(R"(read_events { map: "packets" packed: true })");
  std::string records;
  uint64_t count = 0;
  const uint32_t cpus = Run("get_info {}").reply().get_info().possible_cpus();
  for (const auto& reply : result.replies) {
    const v1::PackedRecords& packed = reply.read_events().packed();
    ASSERT_EQ(packed.lengths_size(), packed.cpus_size());
    for (int i = 0; i < packed.lengths_size(); ++i) {
      EXPECT_EQ(packed.lengths(i), Events(one_by_one)[0].raw().size());
      EXPECT_LT(packed.cpus(i), cpus);
      ++count;
    }
    records += packed.records();
  }
  ASSERT_EQ(count, 3u) << result.Text();
  // The number of the packet, which goes on counting, comes first; then its length and kind.
  const std::vector<v1::Event> events = Events(one_by_one);
  ASSERT_EQ(events.size(), 3u);
  const size_t size = events[0].raw().size();
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(records[i * size], static_cast<char>(3 + i));
    EXPECT_EQ(records.substr(i * size + 4, 8), events[i].raw().substr(4, 8));
  }
}

TEST_F(PerfEventsTest, AReadWaitsForRecordsStillToCome) {
  BPFRIG_EXPECT_RUNS(R"(attach { target { program: "report_egress" } })");
  TestCall reading =
      worker_.Start(R"(read_events { map: "packets" type: "packet_record" at_least: 2 wait_ms: 20000 })");
  (void)Run(R"(connect { to { address: "10.96.0.1" port: 80 } })");
  (void)Run(R"(connect { to { address: "10.96.0.1" port: 81 } })");
  const CallResult result = reading.Wait();
  EXPECT_GE(Events(result).size(), 2u) << result.Text();
  EXPECT_FALSE(result.reply().read_events().summary().timed_out());
}

TEST_F(PerfEventsTest, WhatTheBufferHasNoRoomForIsCounted) {
  RunPackets(20000);
  const CallResult result = Run(R"(read_events { map: "packets" type: "packet_record" })");
  const std::vector<v1::Event> events = Events(result);
  const uint64_t lost = result.reply().read_events().summary().lost();
  EXPECT_GT(events.size(), 100u);
  EXPECT_EQ(events.size() + lost, 20000u);
  for (size_t i = 1; i < events.size(); ++i) {
    ASSERT_LT(NumberOf(events[i - 1], "number"), NumberOf(events[i], "number")) << "in the order of writing";
  }
  // Told once.
  RunPackets(1);
  const CallResult next = Run(R"(read_events { map: "packets" at_least: 1 wait_ms: 5000 })");
  EXPECT_EQ(Events(next).size(), 1u);
  EXPECT_EQ(next.reply().read_events().summary().lost(), 0u);
}

TEST_F(PerfEventsTest, ASharedMapIsReadUnderEitherName) {
  const CallResult second =
      worker_.Load(TestObject("packet_records"),
                   R"(maps { map: "packets" shared_with: "packet_records/packets" })", "other");
  ASSERT_TRUE(second.ok()) << second.Text();
  BPFRIG_EXPECT_RUNS(absl::StrCat("run_program { program: \"other/report_packet\" ", kPacket, " }"));
  EXPECT_EQ(Events(Run(R"(read_events { map: "packets" })")).size(), 1u);
}

TEST(PerfMemoryTest, IsCounted) {
  worker::MapMemoryLimits limits;
  limits.sandbox = 64 << 10;
  WorkerProcess small(limits);
  small.Open();
  const CallResult refused = small.Load(TestObject("packet_records"));
  EXPECT_EQ(refused.reason(), v1::ERROR_REASON_LIMIT_REACHED) << refused.Text();
}

class UserRingTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    loaded_ = worker_.Load(TestObject("map_types_new"));
    if (!loaded_.reply().load_program().has_loaded()) GTEST_SKIP() << WhyNotTaken(loaded_);
  }
  static std::string Command(int mark, int times) {
    return absl::StrCat("records { fields { fields { name: \"mark\" value { unsigned_integer: ", mark,
                        " } } fields { name: \"times\" value { unsigned_integer: ", times, " } } } } ");
  }
  uint32_t Drain() {
    return Run(absl::StrCat("run_program { program: \"drain\" ", kPacket, " }"))
        .reply()
        .run_program()
        .return_value();
  }

  CallResult loaded_;
};

TEST_F(UserRingTest, AProgramTakesWhatWasWritten) {
  const CallResult written = Run(absl::StrCat("write_events { map: \"user_ringbuf\" type: \"command\" ",
                                              Command(5, 1), Command(7, 3), "}"));
  ASSERT_TRUE(written.ok()) << written.Text();
  EXPECT_EQ(written.reply().write_events().written(), 2u);
  EXPECT_EQ(written.reply().write_events().errno_name(), "");
  EXPECT_EQ(Drain(), 2u);
  uint64_t total = 0;
  for (const auto& reply : Run(R"(dump_map { map: ".bss" })").replies) {
    for (const v1::DumpedEntry& entry : reply.dump_map().entries()) {
      for (const v1::Field& variable : entry.value().fields().fields()) {
        if (variable.name() == "total") total = variable.value().unsigned_integer();
      }
    }
  }
  EXPECT_EQ(total, 5u * 1 + 7u * 3);
  // They are gone, and the next call begins where this one ended.
  EXPECT_EQ(Drain(), 0u);
  BPFRIG_EXPECT_RUNS(
      absl::StrCat("write_events { map: \"user_ringbuf\" type: \"command\" ", Command(1, 1), "}"));
  EXPECT_EQ(Drain(), 1u);
}

TEST_F(UserRingTest, AFullBufferEndsTheWriting) {
  std::string records;
  for (int i = 0; i < 300; ++i) records += Command(i, 1);
  const CallResult written =
      Run(absl::StrCat("write_events { map: \"user_ringbuf\" type: \"command\" ", records, "}"));
  EXPECT_EQ(written.reply().write_events().written(), 256u) << written.Text();  // 16 bytes each
  EXPECT_EQ(written.reply().write_events().errno_name(), "ENOSPC");
  const CallResult larger = Run(absl::StrCat("write_events { map: \"user_ringbuf\" records { raw: \"",
                                             std::string(5000, 'x'), "\" } }"));
  EXPECT_EQ(larger.reply().write_events().errno_name(), "E2BIG") << larger.Text();
}

TEST_F(UserRingTest, ABrokenRecordIsNamedAndNothingIsWritten) {
  const CallResult broken =
      Run(absl::StrCat("write_events { map: \"user_ringbuf\" type: \"command\" ", Command(1, 1),
                       "records { fields { fields { name: \"mork\" value { unsigned_integer: 1 } } } } }"));
  EXPECT_EQ(broken.field(), "records[1].mork") << broken.Text();
  EXPECT_EQ(Drain(), 0u);
  const CallResult untyped = Run(absl::StrCat("write_events { map: \"user_ringbuf\" ", Command(1, 1), "}"));
  EXPECT_EQ(untyped.field(), "records[0]") << untyped.Text();
  const CallResult other = Run(R"(write_events { map: "bloom_filter" records { raw: "1" } })");
  EXPECT_EQ(other.reason(), v1::ERROR_REASON_TYPE_MISMATCH) << other.Text();
}

}  // namespace
}  // namespace bpfrig::tests
