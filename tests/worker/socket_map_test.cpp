// Maps that hold sockets: sockmap, sockhash and socket storage, with connections of the sandbox as their
// values and keys.
#include <gtest/gtest.h>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

class SocketMapTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    ASSERT_TRUE(worker_.Load(TestObject("all_maps")).ok());
    BPFRIG_EXPECT_RUNS(R"(listen { name: "sink" at { address: "10.96.0.1" port: 80 } })");
    const CallResult connected = Run(R"(connect { name: "c" to { address: "10.96.0.1" port: 80 }
                                                  from { address: "10.96.0.2" port: 4660 } })");
    ASSERT_EQ(connected.reply().connect().server(), "sink") << connected.Text();
    cookie_ = connected.reply().connect().dialled_cookie();
    accepted_cookie_ = connected.reply().connect().accepted_cookie();
  }

  uint64_t cookie_ = 0;
  uint64_t accepted_cookie_ = 0;
};

std::string Bytes(uint64_t number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof(number));
}

TEST_F(SocketMapTest, ASockhashTakesBothEndsByTheirTuples) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "sockhash_with_cookies"
      entries { key { tag { tuple { connection: "c" } } } value { tag { socket { connection: "c" } } } }
      entries { key { tag { tuple { connection: "c" view: TUPLE_VIEW_SERVER ports: PORT_ORDER_HOST } } }
                value { tag { socket { connection: "c" end: CONNECTION_END_ACCEPTED } } } } })");
  const CallResult dumped = Run(R"(dump_map { map: "sockhash_with_cookies"
      keys { tag { tuple { connection: "c" } } }
      keys { tag { tuple { connection: "c" view: TUPLE_VIEW_SERVER ports: PORT_ORDER_HOST } } }
      keys { tag { tuple { connection: "c" view: TUPLE_VIEW_SERVER } } }
      patterns { value { tag { socket { connection: "c" } } } } })");
  ASSERT_TRUE(dumped.ok()) << dumped.Text();
  ASSERT_EQ(dumped.replies[0].dump_map().patterns_size(), 1);
  EXPECT_EQ(dumped.replies[0].dump_map().patterns(0).value().bytes(), Bytes(cookie_));
  const auto& entries = dumped.replies[0].dump_map().entries_size() > 0
                            ? dumped.replies[0].dump_map().entries()
                            : dumped.replies[1].dump_map().entries();
  ASSERT_EQ(entries.size(), 3);
  EXPECT_EQ(entries[0].raw_key().substr(0, 12),
            std::string("\x0a\x60\0\x02\x0a\x60\0\x01\x12\x34\0\x50", 12));
  EXPECT_EQ(entries[0].raw_value(), Bytes(cookie_));
  EXPECT_EQ(entries[1].raw_key().substr(0, 12),
            std::string("\x0a\x60\0\x01\x0a\x60\0\x02\x50\0\x34\x12", 12));
  EXPECT_EQ(entries[1].raw_value(), Bytes(accepted_cookie_));
  EXPECT_TRUE(entries[2].absent());
}

TEST_F(SocketMapTest, AServersNameMeansTheSocketThatListens) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "sockhash_with_cookies" entries {
      key { tag { tuple { connection: "c" } } } value { tag { socket { connection: "sink" } } } } })");
  const CallResult dumped = Run(R"(dump_map { map: "sockhash_with_cookies"
      patterns { value { tag { socket { connection: "sink" } } } }
      patterns { value { tag { cookie { connection: "sink" } } } } })");
  ASSERT_EQ(dumped.replies.size(), 2u) << dumped.Text();
  const v1::DumpMapResponse& patterns = dumped.replies[0].dump_map();
  ASSERT_EQ(patterns.patterns_size(), 2);
  ASSERT_EQ(patterns.entries_size(), 1);
  // The map has the socket of this cookie, as the kernel tells it.
  const std::string held = patterns.entries(0).raw_value();
  EXPECT_EQ(held, patterns.patterns(0).value().bytes());
  EXPECT_EQ(held, patterns.patterns(1).value().bytes());
  EXPECT_NE(held, Bytes(0));
  EXPECT_NE(held, Bytes(cookie_));
  EXPECT_NE(held, Bytes(accepted_cookie_));
}

TEST_F(SocketMapTest, AServerIsSaidToBeOneIfAnEndIsNeeded) {
  for (const char* request :
       {R"(send { from { connection: "sink" } data: "x" })", R"(receive { at { connection: "sink" } })",
        R"(disconnect { connection { connection: "sink" } })",
        R"(seed_map { map: "sockhash" entries {
                                         key { tag { tuple { connection: "sink" } } }
                                         value { tag { socket { connection: "c" } } } } })",
        R"(seed_map { map: "sockmap" entries { key { unsigned_integer: 1 }
                                         value { tag { socket { connection: "sink"
                                                                end: CONNECTION_END_ACCEPTED } } } } })"}) {
    const CallResult result = Run(request);
    EXPECT_EQ(result.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << request;
    EXPECT_EQ(result.finished.message(),
              "looking up the connection 'sink': it is a server, which has a socket of its own but no ends");
  }
}

TEST_F(SocketMapTest, ValuesThatTheKernelDoesNotTellCannotBeExpected) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "sockmap" entries {
      key { unsigned_integer: 3 } value { tag { socket { connection: "c" } } } } })");
  const CallResult dumped =
      Run(R"(dump_map { map: "sockhash" patterns { value { tag { socket { connection: "c" } } } } })");
  EXPECT_EQ(dumped.reason(), v1::ERROR_REASON_UNSUPPORTED) << dumped.Text();
  EXPECT_EQ(dumped.field(), "patterns[0].value");
}

TEST_F(SocketMapTest, AClosedEndIsNotASocketAnyMore) {
  BPFRIG_EXPECT_RUNS(R"(disconnect { connection { connection: "c" } })");
  const CallResult result = Run(R"(seed_map { map: "sockmap" entries {
      key { unsigned_integer: 3 } value { tag { socket { connection: "c" } } } } })");
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_INVALID_FIELD) << result.Text();
  EXPECT_EQ(result.field(), "entries[0].value");
}

TEST_F(SocketMapTest, SocketStorageIsKeyedBySocket) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "storage" entries { key { tag { socket { connection: "c" } } }
      value { fields { fields { name: "u64" value { tag { cookie { connection: "c" end: CONNECTION_END_ACCEPTED } } } } } } } })");
  const CallResult dumped = Run(R"(dump_map { map: "storage" keys { tag { socket { connection: "c" } } }
      keys { tag { socket { connection: "c" end: CONNECTION_END_ACCEPTED } } } })");
  ASSERT_TRUE(dumped.ok()) << dumped.Text();
  std::vector<v1::DumpedEntry> entries;
  for (const auto& reply : dumped.replies) {
    for (const v1::DumpedEntry& entry : reply.dump_map().entries()) entries.push_back(entry);
  }
  ASSERT_EQ(entries.size(), 2u);
  uint64_t held = 0;
  for (const v1::Field& field : entries[0].value().fields().fields()) {
    if (field.name() == "u64") held = field.value().unsigned_integer();
  }
  EXPECT_EQ(held, accepted_cookie_);
  EXPECT_TRUE(entries[1].absent());
  const CallResult walked = Run(R"(dump_map { map: "storage" })");
  EXPECT_EQ(walked.reason(), v1::ERROR_REASON_UNSUPPORTED) << walked.Text();
}

}  // namespace
}  // namespace bpfrig::tests
