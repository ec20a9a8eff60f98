// SeedMap and DumpMap on every kind of map that is not about sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

// All entries of a dump, whatever messages they came in.
std::vector<v1::DumpedEntry> Entries(const CallResult& result) {
  std::vector<v1::DumpedEntry> entries;
  for (const auto& reply : result.replies) {
    for (const v1::DumpedEntry& entry : reply.dump_map().entries()) entries.push_back(entry);
  }
  return entries;
}

const v1::DumpSummary& Summary(const CallResult& result) { return result.reply().dump_map().summary(); }

uint64_t Unsigned(const v1::Value& value) { return value.unsigned_integer(); }

class MapTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded = worker_.Load(TestObject("all_maps"));
    ASSERT_TRUE(loaded.ok() && loaded.reply().load_program().has_loaded())
        << loaded.Text() << loaded.reply().ShortDebugString();
  }
  std::vector<v1::DumpedEntry> Dump(const std::string& fields) {
    const CallResult result = Run("dump_map { " + fields + " }");
    EXPECT_TRUE(result.ok()) << fields << result.Text();
    return Entries(result);
  }
};

TEST_F(MapTest, AStructIsWrittenByMemberAndReadBack) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "all_maps/hash" entries {
      key { unsigned_integer: 8080 }
      value { fields {
        fields { name: "u64" value { unsigned_integer: 18446744073709551615 } }
        fields { name: "s8" value { signed_integer: -128 } }
        fields { name: "colour" value { text: "COLOUR_BELOW_ZERO" } }
        fields { name: "text" value { text: "hello" } }
        fields { name: "ip4" value { tag { ip: "10.96.0.1" } } }
        fields { name: "points" value { list { values { fields { fields { name: "y" value { signed_integer: -5 } } } } } } }
      } } } })");
  const std::vector<v1::DumpedEntry> entries = Dump(R"(map: "hash")");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(Unsigned(entries[0].key()), 8080u);
  EXPECT_EQ(entries[0].raw_key(), std::string("\x90\x1f\0\0", 4));
  std::map<std::string, v1::Value> fields;
  for (const v1::Field& field : entries[0].value().fields().fields()) fields[field.name()] = field.value();
  EXPECT_EQ(fields["u64"].unsigned_integer(), UINT64_MAX);
  EXPECT_EQ(fields["s8"].signed_integer(), -128);
  EXPECT_EQ(fields["colour"].text(), "COLOUR_BELOW_ZERO");
  EXPECT_EQ(fields["text"].text(), "hello");
  EXPECT_EQ(fields["points"].list().values(0).fields().fields(1).value().signed_integer(), -5);
}

TEST_F(MapTest, AWrongEntryNamesItsPathAndWritesNothingOfItsMessage) {
  const CallResult result = Run(R"(seed_map { map: "hash"
      entries { key { unsigned_integer: 1 } value { fields {} } }
      entries { key { unsigned_integer: 2 } value { fields {
          fields { name: "points" value { list { values { fields {} }
                                                 values { fields { fields { name: "z" value { unsigned_integer: 1 } } } } } } }
      } } } })");
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_UNKNOWN_NAME) << result.Text();
  EXPECT_EQ(result.field(), "entries[1].value.points[1].z");
  EXPECT_THAT(result.finished.message(), HasSubstr("struct point"));
  EXPECT_TRUE(Dump(R"(map: "hash")").empty());
  EXPECT_EQ(Run(R"(seed_map { map: "hash" entries { value { fields {} } } })").field(), "entries[0].key");
  EXPECT_EQ(
      Run(R"(seed_map { map: "hash" entries { key { unsigned_integer: 4294967296 } value { fields {} } } })")
          .field(),
      "entries[0].key");
}

TEST_F(MapTest, IndexesCountOverTheWholeStream) {
  TestCall call = worker_.Start(R"(seed_map { map: "lru_hash"
      entries { key { unsigned_integer: 1 } value { unsigned_integer: 1 } }
      entries { key { unsigned_integer: 2 } value { unsigned_integer: 1 } } })");
  Request second;
  v1::SeedEntry& entry = *second.mutable_seed_map()->add_entries();
  entry.mutable_key()->set_unsigned_integer(3);
  entry.mutable_value()->set_text("no number");
  ASSERT_TRUE(call.Send(second).ok());
  const CallResult result = call.Wait();
  EXPECT_EQ(result.field(), "entries[2].value") << result.Text();
  // The first message stays written.
  EXPECT_EQ(Dump(R"(map: "lru_hash")").size(), 2u);
}

TEST_F(MapTest, AStreamHoldsItsPlaceInTheQueueUntilItIsOver) {
  auto seeding = std::make_unique<TestCall>(worker_.Start(R"(seed_map { map: "lru_hash"
      entries { key { unsigned_integer: 1 } value { unsigned_integer: 1 } } })"));
  TestCall listening = worker_.Start(R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } })");
  // A call without a request is answered without a place in the queue, and came after the other two.
  EXPECT_EQ(Run("").reason(), v1::ERROR_REASON_INTERNAL);
  pollfd answered{.fd = listening.socket().Get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&answered, 1, 0), 0);
  // Giving up the stream gives its place back. What was written stays.
  seeding.reset();
  const CallResult listened = listening.Wait();
  EXPECT_TRUE(listened.ok()) << listened.Text();
  EXPECT_EQ(Dump(R"(map: "lru_hash")").size(), 1u);
}

TEST_F(MapTest, DeletesAndTellsWhichKeysAreMissing) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "struct_key" entries {
      key { fields { fields { name: "x" value { signed_integer: -1 } } } } value { unsigned_integer: 9 } } })");
  const std::string remove = R"(seed_map { map: "struct_key" entries {
      key { fields { fields { name: "x" value { signed_integer: -1 } } } } delete: true } })";
  const CallResult removed = Run(remove);
  EXPECT_EQ(removed.reply().seed_map().deleted(), 1u) << removed.Text();
  const CallResult again = Run(remove);
  EXPECT_EQ(again.finished.detail().errno_name(), "ENOENT") << again.Text();
  EXPECT_EQ(again.field(), "entries[0]");
  const CallResult looked = Run(R"(dump_map { map: "struct_key" keys { fields {} } })");
  ASSERT_EQ(Entries(looked).size(), 1u);
  EXPECT_TRUE(Entries(looked)[0].absent());
  EXPECT_EQ(Summary(looked).count(), 0u);
  EXPECT_TRUE(Summary(looked).atomic());
}

TEST_F(MapTest, PerCpuValuesAreOneForAllOrOneForEach) {
  const uint32_t cpus = Run("get_info {}").reply().get_info().possible_cpus();
  BPFRIG_EXPECT_RUNS(
      R"(seed_map { map: "percpu_array" entries { key { unsigned_integer: 0 } value { unsigned_integer: 5 } } })");
  std::string values;
  for (uint32_t i = 0; i < cpus; ++i)
    values += " cpu_values { unsigned_integer: " + std::to_string(100 + i) + " }";
  BPFRIG_EXPECT_RUNS("seed_map { map: \"percpu_array\" entries { key { unsigned_integer: 1 }" + values +
                     " } }");
  const std::vector<v1::DumpedEntry> entries =
      Dump(R"(map: "percpu_array" keys { unsigned_integer: 0 } keys { unsigned_integer: 1 })");
  ASSERT_EQ(entries.size(), 2u);
  ASSERT_EQ(static_cast<uint32_t>(entries[0].cpu_values_size()), cpus);
  for (uint32_t i = 0; i < cpus; ++i) {
    EXPECT_EQ(Unsigned(entries[0].cpu_values(static_cast<int>(i))), 5u);
    EXPECT_EQ(Unsigned(entries[1].cpu_values(static_cast<int>(i))), 100u + i);
  }
  EXPECT_EQ(Unsigned(entries[1].value()), 100u);
  const CallResult wrong = Run("seed_map { map: \"percpu_array\" entries { key { unsigned_integer: 1 }" +
                               values + " cpu_values { unsigned_integer: 1 } } }");
  EXPECT_EQ(wrong.field(), "entries[0].cpu_values") << wrong.Text();
}

TEST_F(MapTest, LpmPrefixesQueuesAndStacks) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "lpm" entries { value { unsigned_integer: 1 }
      key { fields { fields { name: "length" value { unsigned_integer: 16 } }
                     fields { name: "address" value { tag { ip: "10.96.0.0" } } } } } } })");
  ASSERT_EQ(Dump(R"(map: "lpm")").size(), 1u);
  for (const char* map : {"queue", "stack"}) {
    BPFRIG_EXPECT_RUNS(
        std::string("seed_map { map: \"") + map +
        "\" entries { value { unsigned_integer: 1 } } entries { value { unsigned_integer: 2 } } }");
    EXPECT_EQ(Run(std::string("dump_map { map: \"") + map + "\" }").reason(), v1::ERROR_REASON_INVALID_FIELD);
    const std::vector<v1::DumpedEntry> entries = Dump(std::string("consume: true map: \"") + map + "\"");
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(Unsigned(entries[0].value()), map == std::string("queue") ? 1u : 2u);
    EXPECT_TRUE(Dump(std::string("consume: true map: \"") + map + "\"").empty());
  }
}

TEST_F(MapTest, ConsumingAHashEmptiesIt) {
  BPFRIG_EXPECT_RUNS(
      R"(seed_map { map: "lru_hash" entries { key { unsigned_integer: 1 } value { unsigned_integer: 1 } }
                                                   entries { key { unsigned_integer: 2 } value { unsigned_integer: 2 } } })");
  EXPECT_EQ(Dump(R"(map: "lru_hash" consume: true keys { unsigned_integer: 1 })").size(), 1u);
  EXPECT_EQ(Dump(R"(map: "lru_hash")").size(), 1u);
  EXPECT_EQ(Dump(R"(map: "lru_hash" consume: true)").size(), 1u);
  EXPECT_TRUE(Dump(R"(map: "lru_hash")").empty());
}

TEST_F(MapTest, ProgramsAndMapsAreValuesByName) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "programs" entries {
      key { unsigned_integer: 0 } value { tag { program: "tail_called" } } } })");
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "hash_of_maps" entries {
      key { unsigned_integer: 80 } value { tag { map: "all_maps/inner_a" } } } })");
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "array_of_maps" entries {
      key { unsigned_integer: 0 } value { tag { map: "inner_b" } } } })");
  const CallResult dumped =
      Run(R"(dump_map { map: "programs" patterns { value { tag { program: "all_maps/tail_called" } } } })");
  ASSERT_EQ(Entries(dumped).size(), 1u) << dumped.Text();
  EXPECT_EQ(Entries(dumped)[0].value().tag().program(), "all_maps/tail_called");
  // An expected value is encoded as reading gives it: an id, not a descriptor.
  EXPECT_EQ(dumped.replies[0].dump_map().patterns(0).value().bytes(), Entries(dumped)[0].raw_value());
  EXPECT_EQ(dumped.replies[0].dump_map().patterns(0).value().decoded().tag().program(),
            "all_maps/tail_called");
  EXPECT_EQ(Dump(R"(map: "hash_of_maps")")[0].value().tag().map(), "all_maps/inner_a");
  EXPECT_EQ(Dump(R"(map: "array_of_maps")")[0].value().tag().map(), "all_maps/inner_b");

  // They work: a connect counts in both inner maps, and continues in the tail-called program.
  BPFRIG_EXPECT_RUNS(R"(attach { target { program: "connect_with_maps" } })");
  EXPECT_EQ(Run(R"(connect { to { address: "10.96.0.1" port: 80 } })").reply().connect().errno_name(),
            "ECONNREFUSED");
  EXPECT_EQ(Unsigned(Dump(R"(map: "inner_a")")[0].value()), 1u);
  EXPECT_EQ(Unsigned(Dump(R"(map: "inner_b")")[0].value()), 1u);
  const CallResult wrong = Run(R"(seed_map { map: "programs" entries {
      key { unsigned_integer: 0 } value { tag { map: "inner_a" } } } })");
  EXPECT_EQ(wrong.reason(), v1::ERROR_REASON_TYPE_MISMATCH) << wrong.Text();
}

TEST_F(MapTest, GlobalsOfASectionAreWrittenOneByOne) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: ".data"
      entries { key { unsigned_integer: 0 }
                value { fields { fields { name: "data_number" value { unsigned_integer: 1000 } } } } }
      entries { key { unsigned_integer: 0 }
                value { fields { fields { name: "data_point" value { fields { fields { name: "x" value { signed_integer: -7 } } } } } } } } })");
  const std::vector<v1::DumpedEntry> entries = Dump(R"(map: ".data")");
  ASSERT_EQ(entries.size(), 1u);
  std::map<std::string, v1::Value> fields;
  for (const v1::Field& field : entries[0].value().fields().fields()) fields[field.name()] = field.value();
  EXPECT_EQ(Unsigned(fields["data_number"]), 1000u);
  EXPECT_EQ(fields["data_point"].fields().fields(0).value().signed_integer(), -7);
  const CallResult frozen = Run(R"(seed_map { map: ".rodata" entries { key { unsigned_integer: 0 }
      value { fields { fields { name: "constant_number" value { unsigned_integer: 1 } } } } } })");
  EXPECT_EQ(frozen.finished.detail().errno_name(), "EPERM") << frozen.Text();
  EXPECT_THAT(frozen.finished.detail().hint(), HasSubstr("globals"));
  const CallResult unknown = Run(R"(seed_map { map: ".bss" entries { key { unsigned_integer: 0 }
      value { fields { fields { name: "nothing" value { unsigned_integer: 1 } } } } } })");
  EXPECT_EQ(unknown.field(), "entries[0].value.nothing") << unknown.Text();
}

TEST_F(MapTest, PatternsAreEncodedWithAMaskOfWhatTheySay) {
  const CallResult result = Run(R"(dump_map { map: "hash" patterns { value { fields {
      fields { name: "u16" value { unsigned_integer: 258 } } } } } patterns { key { unsigned_integer: 1 } } })");
  ASSERT_TRUE(result.ok()) << result.Text();
  ASSERT_EQ(result.replies[0].dump_map().patterns_size(), 2);
  const v1::ResolvedEntry& value = result.replies[0].dump_map().patterns(0);
  EXPECT_FALSE(value.has_key());
  EXPECT_EQ(value.value().bytes().substr(2, 2), "\x02\x01");
  EXPECT_EQ(value.value().mask().substr(0, 6), std::string("\0\0\xff\xff\0\0", 6));
  EXPECT_EQ(value.value().mask().size(), value.value().bytes().size());
  EXPECT_FALSE(result.replies[0].dump_map().patterns(1).has_value());
  EXPECT_EQ(Run(R"(dump_map { map: "hash" patterns {} patterns { value { text: "x" } } })").field(),
            "patterns[1].value");
}

TEST_F(MapTest, ALongStreamIsSeededAndDumpedWhileOthersConnect) {
  ASSERT_TRUE(
      worker_.Load(TestObject("all_maps"), R"(maps { map: "struct_key" max_entries: 200000 })", "big").ok());
  BPFRIG_EXPECT_RUNS(R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } })");
  TestCall seeding = worker_.Start(R"(seed_map { map: "big/struct_key" })");
  constexpr int kMessages = 25;
  constexpr int kEntries = 4096;
  for (int message = 0; message < kMessages; ++message) {
    Request request;
    for (int i = 0; i < kEntries; ++i) {
      v1::SeedEntry& entry = *request.mutable_seed_map()->add_entries();
      v1::Field& x = *entry.mutable_key()->mutable_fields()->add_fields();
      x.set_name("x");
      x.mutable_value()->set_unsigned_integer(static_cast<uint64_t>(message) * kEntries +
                                              static_cast<uint64_t>(i));
      entry.mutable_value()->set_unsigned_integer(static_cast<uint64_t>(i));
    }
    ASSERT_TRUE(seeding.Send(request).ok());
  }
  seeding.FinishSending();
  const CallResult seeded = seeding.Wait();
  EXPECT_EQ(seeded.reply().seed_map().written(), static_cast<uint64_t>(kMessages * kEntries))
      << seeded.Text();
  EXPECT_TRUE(seeded.reply().seed_map().batched());
  TestCall dumping = worker_.Start(R"(dump_map { map: "big/struct_key" })");
  // The dump is not read yet, and other calls go on.
  BPFRIG_EXPECT_RUNS(R"(connect { to { address: "10.96.0.1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(
      R"(seed_map { map: "all_maps/lru_hash" entries { key { unsigned_integer: 1 } value { unsigned_integer: 1 } } })");
  const CallResult dumped = dumping.Wait();
  EXPECT_TRUE(dumped.ok()) << dumped.Text();
  EXPECT_EQ(Entries(dumped).size(), static_cast<size_t>(kMessages * kEntries));
  EXPECT_EQ(Summary(dumped).count(), static_cast<uint64_t>(kMessages * kEntries));
  EXPECT_TRUE(Summary(dumped).batched());
  EXPECT_FALSE(Summary(dumped).atomic());
  EXPECT_FALSE(Summary(dumped).truncated());
}

TEST_F(MapTest, TypesOfAnotherObjectServeMapsOfSizesAlone) {
  ASSERT_TRUE(worker_.Load(TestObject("sizes_only")).ok());
  const std::string entry =
      R"(entries { key { fields { fields { name: "addr" value { tag { ip: "10.96.0.1" } } } } }
      value { fields { fields { name: "upstream_id" value { unsigned_integer: 7 } } } } } })";
  const CallResult typeless = Run(R"(seed_map { map: "km_frontend" )" + entry);
  EXPECT_EQ(typeless.reason(), v1::ERROR_REASON_NO_TYPE) << typeless.Text();
  EXPECT_FALSE(typeless.finished.detail().hint().empty());
  EXPECT_EQ(Run(R"(seed_map { map: "km_frontend" key_type: "types/frontend_key" )" + entry).field(),
            "key_type");
  const CallResult types = worker_.Load(MeshObject("types"), "types_only: true");
  ASSERT_TRUE(types.ok()) << types.Text();
  const CallResult seeded = Run(
      R"(seed_map { map: "km_frontend" key_type: "types/frontend_key" value_type: "types/frontend_value" )" +
      entry);
  EXPECT_EQ(seeded.reply().seed_map().written(), 1u) << seeded.Text();
  // Without types the dump is raw.
  const std::vector<v1::DumpedEntry> raw = Dump(R"(map: "km_frontend")");
  ASSERT_EQ(raw.size(), 1u);
  EXPECT_FALSE(raw[0].has_key());
  EXPECT_EQ(raw[0].raw_value(), std::string("\7\0\0\0", 4));
  EXPECT_EQ(
      worker_.Load(MeshObject("types"), R"(types_only: true programs { program: "x" })", "other").field(),
      "types_only");
  const CallResult mismatch = Run(R"(dump_map { map: "km_frontend" key_type: "types/backend_value" })");
  EXPECT_EQ(mismatch.reason(), v1::ERROR_REASON_TYPE_MISMATCH) << mismatch.Text();
}

TEST_F(MapTest, ObjectsShareAMapAndTakeTheirInnerMapFromAnother) {
  const CallResult shared =
      worker_.Load(TestObject("all_maps"), R"(maps { map: "runs" shared_with: "all_maps/runs" })", "second");
  ASSERT_TRUE(shared.ok()) << shared.Text();
  // The same map twice is not ambiguous; two maps of one name are.
  EXPECT_EQ(Dump(R"(map: "runs")").size(), 1u);
  EXPECT_EQ(Run(R"(dump_map { map: "hash" })").reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  const CallResult mismatch =
      worker_.Load(TestObject("all_maps"), R"(maps { map: "runs" shared_with: "all_maps/hash" })", "third");
  EXPECT_EQ(mismatch.reason(), v1::ERROR_REASON_TYPE_MISMATCH) << mismatch.Text();
  EXPECT_EQ(mismatch.field(), "maps[0].shared_with");
  const CallResult outer =
      worker_.Load(TestObject("outer_map"), R"(maps { map: "outer" inner_map: "all_maps/inner_a" })");
  ASSERT_TRUE(outer.ok() && outer.reply().load_program().has_loaded()) << outer.Text();
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "outer" entries {
      key { unsigned_integer: 80 } value { tag { map: "second/inner_b" } } } })");
  EXPECT_EQ(Dump(R"(map: "outer")")[0].value().tag().map(), "second/inner_b");
}

}  // namespace
}  // namespace bpfrig::tests
