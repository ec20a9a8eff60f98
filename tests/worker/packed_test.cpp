// SeedMap and DumpMap with packed entries: the same entries as one by one, as bytes alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/worker/handlers/handlers.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

std::string Bytes(uint64_t number, size_t size) { return {reinterpret_cast<const char*>(&number), size}; }
std::string Word(uint32_t number) { return Bytes(number, sizeof(number)); }
std::string Long(uint64_t number) { return Bytes(number, sizeof(number)); }

struct Dumped {
  v1::PackedSizes sizes;
  v1::DumpSummary summary;
  uint64_t count = 0;
  size_t messages = 0;
  size_t largest = 0;
  std::string keys;
  std::string values;

  // Values by key; those of an entry together.
  [[nodiscard]] std::map<std::string, std::string> Entries() const {
    std::map<std::string, std::string> entries;
    const size_t value_size = size_t{sizes.value_size()} * sizes.values_per_key();
    for (uint64_t i = 0; i < count; ++i) {
      entries[keys.substr(i * sizes.key_size(), sizes.key_size())] =
          values.substr(i * value_size, value_size);
    }
    return entries;
  }
};

class PackedTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded = worker_.Load(TestObject("all_maps"));
    ASSERT_TRUE(loaded.ok() && loaded.reply().load_program().has_loaded()) << loaded.Text();
    cpus_ = Run("get_info {}").reply().get_info().possible_cpus();
  }

  static v1::SeedMapRequest Packed(const std::string& map, uint32_t count, const std::string& keys,
                                   const std::string& values) {
    v1::SeedMapRequest request;
    request.set_map(map);
    request.mutable_packed()->set_count(count);
    request.mutable_packed()->set_keys(keys);
    request.mutable_packed()->set_values(values);
    return request;
  }
  CallResult Seed(const v1::SeedMapRequest& request) {
    Request call;
    *call.mutable_seed_map() = request;
    return Run(call.ShortDebugString());
  }
  CallResult Seed(const std::string& map, uint32_t count, const std::string& keys,
                  const std::string& values) {
    return Seed(Packed(map, count, keys, values));
  }
  static Dumped Collect(const CallResult& result) {
    Dumped dumped;
    EXPECT_TRUE(result.ok()) << result.Text();
    for (size_t i = 0; i < result.replies.size(); ++i) {
      const v1::DumpMapResponse& response = result.replies[i].dump_map();
      EXPECT_EQ(response.has_packed_sizes(), i == 0);
      EXPECT_EQ(response.has_summary(), i + 1 == result.replies.size());
      EXPECT_EQ(response.entries_size(), 0);
      if (response.has_packed_sizes()) dumped.sizes = response.packed_sizes();
      if (response.has_summary()) dumped.summary = response.summary();
      if (response.has_packed()) ++dumped.messages;
      dumped.largest = std::max(dumped.largest, response.ByteSizeLong());
      dumped.count += response.packed().count();
      dumped.keys += response.packed().keys();
      dumped.values += response.packed().values();
    }
    const size_t value_size = size_t{dumped.sizes.value_size()} * dumped.sizes.values_per_key();
    EXPECT_EQ(dumped.keys.size(), dumped.count * dumped.sizes.key_size());
    EXPECT_EQ(dumped.values.size(), dumped.count * value_size);
    EXPECT_EQ(dumped.summary.count(), dumped.count);
    return dumped;
  }
  Dumped Dump(const std::string& fields) { return Collect(Run("dump_map { packed: true " + fields + " }")); }
  // What a dump gives one by one, in the same form.
  std::map<std::string, std::string> DumpPlain(const std::string& fields) {
    const CallResult result = Run("dump_map { " + fields + " }");
    EXPECT_TRUE(result.ok()) << result.Text();
    std::map<std::string, std::string> entries;
    for (const auto& reply : result.replies) {
      EXPECT_FALSE(reply.dump_map().has_packed() || reply.dump_map().has_packed_sizes());
      for (const v1::DumpedEntry& entry : reply.dump_map().entries()) {
        std::string& value = entries[entry.raw_key()];
        if (entry.raw_cpu_values_size() == 0) value = entry.raw_value();
        for (const std::string& of_cpu : entry.raw_cpu_values()) value += of_cpu;
      }
    }
    return entries;
  }

  uint32_t cpus_ = 0;
};

struct KeyedMap {
  const char* name;
  size_t key_size;
  size_t value_size;
  bool per_cpu;
  bool batched;
};

// Without types in between, and for each CPU its own.
TEST_F(PackedTest, EveryKindOfKeyedMapIsWrittenAndReadAsOneByOne) {
  const size_t everything = Dump(R"(map: "hash")").sizes.value_size();
  ASSERT_GT(everything, 100u);
  for (const KeyedMap& map :
       {KeyedMap{"hash", 4, everything, false, true}, KeyedMap{"struct_key", 8, 8, false, true},
        KeyedMap{"array", 4, everything, false, true}, KeyedMap{"lru_hash", 4, 8, false, true},
        KeyedMap{"percpu_hash", 4, 8, true, true}, KeyedMap{"percpu_array", 4, 4, true, true},
        KeyedMap{"lru_percpu_hash", 4, 8, true, true}}) {
    SCOPED_TRACE(map.name);
    constexpr uint32_t kEntries = 4;
    const uint32_t values_per_key = map.per_cpu ? cpus_ : 1;
    std::string keys;
    std::string values;
    std::map<std::string, std::string> expected;
    for (uint32_t i = 0; i < kEntries; ++i) {
      const std::string key = Bytes(i, map.key_size);
      std::string value;
      for (uint32_t cpu = 0; cpu < values_per_key; ++cpu) {
        std::string of_cpu(map.value_size, static_cast<char>('a' + i));
        of_cpu.front() = static_cast<char>(cpu);
        value += of_cpu;
      }
      keys += key;
      values += value;
      expected[key] = value;
    }
    const CallResult seeded = Seed(map.name, kEntries, keys, values);
    ASSERT_TRUE(seeded.ok()) << seeded.Text();
    EXPECT_EQ(seeded.reply().seed_map().written(), kEntries);
    EXPECT_EQ(seeded.reply().seed_map().batched(), map.batched);
    const std::string fields = absl::StrCat("map: \"", map.name, "\"");
    const std::map<std::string, std::string> plain = DumpPlain(fields);
    for (const auto& [key, value] : expected) EXPECT_EQ(plain.at(key), value);
    for (const char* mode : {"", " batch: BATCH_MODE_ELEMENT"}) {
      const Dumped dumped = Dump(fields + mode);
      EXPECT_EQ(dumped.sizes.key_size(), map.key_size);
      EXPECT_EQ(dumped.sizes.value_size(), map.value_size);
      EXPECT_EQ(dumped.sizes.values_per_key(), values_per_key);
      EXPECT_EQ(dumped.summary.batched(), map.batched && *mode == '\0');
      EXPECT_EQ(dumped.Entries(), plain);
    }
  }
}

TEST_F(PackedTest, PrefixesAreWrittenWithoutBatchesToo) {
  v1::SeedMapRequest request =
      Packed("lpm", 2, Word(8) + "\x0a" + std::string(3, '\0') + Word(16) + "\xac\x13" + std::string(2, '\0'),
             Word(1) + Word(2));
  request.set_batch(v1::BATCH_MODE_ELEMENT);
  const CallResult seeded = Seed(request);
  EXPECT_EQ(seeded.reply().seed_map().written(), 2u) << seeded.Text();
  EXPECT_FALSE(seeded.reply().seed_map().batched());
  EXPECT_EQ(Dump(R"(map: "lpm")").Entries(), DumpPlain(R"(map: "lpm")"));
  EXPECT_EQ(Dump(R"(map: "lpm")").count, 2u);
}

TEST_F(PackedTest, AMapWithoutEntriesTellsItsSizesAlone) {
  const Dumped dumped = Dump(R"(map: "struct_key")");
  EXPECT_EQ(dumped.count, 0u);
  EXPECT_EQ(dumped.messages, 0u);
  EXPECT_EQ(dumped.sizes.key_size(), 8u);
  EXPECT_EQ(dumped.sizes.value_size(), 8u);
  EXPECT_EQ(dumped.sizes.values_per_key(), 1u);
  const CallResult nothing = Seed("struct_key", 0, "", "");
  EXPECT_TRUE(nothing.ok()) << nothing.Text();
  EXPECT_EQ(nothing.reply().seed_map().written(), 0u);
}

TEST_F(PackedTest, QueuesAndStacksHaveValuesAlone) {
  for (const std::string map : {"queue", "stack"}) {
    const CallResult seeded = Seed(map, 3, "", Word(1) + Word(2) + Word(3));
    ASSERT_TRUE(seeded.ok()) << seeded.Text();
    EXPECT_EQ(Run("dump_map { packed: true map: \"" + map + "\" }").field(), "consume");
    const Dumped dumped = Dump("consume: true map: \"" + map + "\"");
    EXPECT_EQ(dumped.sizes.key_size(), 0u);
    EXPECT_EQ(dumped.values, map == "queue" ? Word(1) + Word(2) + Word(3) : Word(3) + Word(2) + Word(1));
    EXPECT_EQ(Dump("consume: true map: \"" + map + "\"").count, 0u);
    EXPECT_EQ(Seed(map, 1, Word(1), Word(1)).field(), "packed.keys");
    // More than the eight that there is room for.
    std::string too_many;
    for (uint32_t i = 0; i < 9; ++i) too_many += Word(i);
    const CallResult full = Seed(map, 9, "", too_many);
    EXPECT_EQ(full.finished.detail().errno_name(), "E2BIG") << full.Text();
    EXPECT_EQ(full.field(), "packed.values[8]");
  }
}

TEST_F(PackedTest, SizesThatDoNotFitAreNamedAndNothingIsWritten) {
  struct Case {
    const char* map;
    uint32_t count;
    std::string keys;
    std::string values;
    const char* field;
  };
  for (const Case& test :
       {Case{"struct_key", 2, Long(1) + "abc", Long(1) + Long(2), "packed.keys"},
        Case{"struct_key", 2, Long(1) + Long(2), Long(1), "packed.values"},
        Case{"struct_key", 1, Long(1) + Long(2), Long(1) + Long(2), "packed.keys"},
        Case{"struct_key", 0, Long(1), Long(1), "packed.keys"},
        Case{"struct_key", 0xffffffff, Long(1), Long(1), "packed.keys"},
        Case{"percpu_array", 1, Word(1), std::string(4 * cpus_ + 4, 'x'), "packed.values"}}) {
    const CallResult result = Seed(test.map, test.count, test.keys, test.values);
    EXPECT_EQ(result.reason(), v1::ERROR_REASON_TYPE_MISMATCH) << result.Text();
    EXPECT_EQ(result.field(), test.field) << result.Text();
  }
  EXPECT_EQ(Dump(R"(map: "struct_key")").count, 0u);
  EXPECT_THAT(Seed("struct_key", 2, Long(1), Long(1)).finished.message(),
              HasSubstr("the keys of 2 entries of map \"struct_key\" have 16 bytes, 8 each; these have 8"));
}

TEST_F(PackedTest, WhatTheKernelRefusesIsCountedOverTheStream) {
  const std::string value(Dump(R"(map: "array")").sizes.value_size(), 'v');
  Request first;
  *first.mutable_seed_map() = Packed("array", 3, Word(0) + Word(1) + Word(2), value + value + value);
  TestCall call = worker_.Start(first.ShortDebugString());
  Request second;
  *second.mutable_seed_map() = Packed("", 3, Word(7) + Word(8) + Word(3), value + value + value);
  ASSERT_TRUE(call.Send(second).ok());
  call.FinishSending();
  const CallResult result = call.Wait();
  EXPECT_EQ(result.finished.detail().errno_name(), "E2BIG") << result.Text();
  EXPECT_EQ(result.field(), "packed.keys[4]");
  const std::map<std::string, std::string> entries = Dump(R"(map: "array")").Entries();
  EXPECT_EQ(entries.at(Word(7)), value) << "what came before it is written";
  EXPECT_NE(entries.at(Word(3)), value) << "what came after it is not";
}

TEST_F(PackedTest, AStreamMayHaveBothForms) {
  TestCall call = worker_.Start(R"(seed_map { map: "lru_hash"
      entries { key { unsigned_integer: 1 } value { unsigned_integer: 10 } } })");
  Request second;
  *second.mutable_seed_map() = Packed("", 2, Word(2) + Word(3), Long(20) + Long(30));
  ASSERT_TRUE(call.Send(second).ok());
  Request third;
  third.mutable_seed_map()->add_entries()->mutable_key()->set_unsigned_integer(1);
  third.mutable_seed_map()->mutable_entries(0)->set_delete_(true);
  ASSERT_TRUE(call.Send(third).ok());
  call.FinishSending();
  const CallResult result = call.Wait();
  EXPECT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.reply().seed_map().written(), 3u);
  EXPECT_EQ(result.reply().seed_map().deleted(), 1u);
  EXPECT_EQ(Dump(R"(map: "lru_hash")").Entries(),
            (std::map<std::string, std::string>{{Word(2), Long(20)}, {Word(3), Long(30)}}));
}

TEST_F(PackedTest, DescriptorsAreNotWrittenAsBytes) {
  for (const char* map : {"programs", "hash_of_maps", "array_of_maps", "sockmap", "sockhash", "storage"}) {
    const CallResult result = Seed(map, 1, Word(0), Word(0));
    EXPECT_EQ(result.reason(), v1::ERROR_REASON_UNSUPPORTED) << map << result.Text();
    EXPECT_EQ(result.field(), "packed") << map;
    EXPECT_THAT(result.finished.detail().hint(), HasSubstr("by name")) << map;
  }
}

TEST_F(PackedTest, ReferencesAreReadAsTheirIds) {
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "programs" entries {
      key { unsigned_integer: 0 } value { tag { program: "tail_called" } } } })");
  EXPECT_EQ(Dump(R"(map: "programs")").Entries(), DumpPlain(R"(map: "programs")"));
  EXPECT_EQ(Dump(R"(map: "programs")").count, 1u);
  const CallResult untold = Run(R"(dump_map { packed: true map: "sockhash" })");
  EXPECT_EQ(untold.reason(), v1::ERROR_REASON_UNSUPPORTED) << untold.Text();
  EXPECT_EQ(untold.field(), "packed");
  EXPECT_THAT(untold.finished.detail().hint(), HasSubstr("8-byte values"));
  EXPECT_EQ(Dump(R"(map: "sockhash_with_cookies")").count, 0u);
}

TEST_F(PackedTest, AModeThatTheMapDoesNotHaveIsNoEntrysFault) {
  v1::SeedMapRequest request = Packed("queue", 2, "", Word(1) + Word(2));
  request.set_batch(v1::BATCH_MODE_BATCH);
  const CallResult result = Seed(request);
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_UNSUPPORTED) << result.Text();
  EXPECT_EQ(result.field(), "batch");
}

TEST_F(PackedTest, OfNamedKeysThoseThatAreThereCome) {
  ASSERT_TRUE(Seed("lru_hash", 3, Word(1) + Word(2) + Word(3), Long(10) + Long(20) + Long(30)).ok());
  const std::string keys =
      "keys { unsigned_integer: 3 } keys { unsigned_integer: 9 } keys { unsigned_integer: 1 }";
  const Dumped dumped = Dump("map: \"lru_hash\" " + keys);
  EXPECT_EQ(dumped.keys, Word(3) + Word(1));
  EXPECT_EQ(dumped.values, Long(30) + Long(10));
  EXPECT_EQ(Dump("consume: true map: \"lru_hash\" " + keys).count, 2u);
  EXPECT_EQ(Dump(R"(map: "lru_hash")").Entries(), (std::map<std::string, std::string>{{Word(2), Long(20)}}));
  EXPECT_EQ(Dump(R"(map: "lru_hash" consume: true)").count, 1u);
  EXPECT_EQ(Dump(R"(map: "lru_hash")").count, 0u);
  // Each CPU's, of one key.
  ASSERT_TRUE(Seed("percpu_array", 1, Word(2), std::string(4 * cpus_, 'z')).ok());
  EXPECT_EQ(Dump(R"(map: "percpu_array" keys { unsigned_integer: 2 })").values, std::string(4 * cpus_, 'z'));
}

TEST_F(PackedTest, PatternsComeWithTheSizes) {
  const CallResult result = Run(R"(dump_map { packed: true map: "lru_hash"
      patterns { key { unsigned_integer: 258 } value { unsigned_integer: 7 } } })");
  ASSERT_TRUE(result.ok()) << result.Text();
  ASSERT_EQ(result.replies[0].dump_map().patterns_size(), 1);
  EXPECT_EQ(result.replies[0].dump_map().patterns(0).key().bytes(), Word(258));
  EXPECT_EQ(result.replies[0].dump_map().patterns(0).value().bytes(), Long(7));
}

TEST_F(PackedTest, SectionsAreWrittenWhole) {
  const Dumped before = Dump(R"(map: ".data")");
  ASSERT_EQ(before.count, 1u);
  std::string bytes = before.values;
  bytes.back() = static_cast<char>(~bytes.back());
  ASSERT_TRUE(Seed(".data", 1, Word(0), bytes).ok());
  EXPECT_EQ(Dump(R"(map: ".data")").values, bytes);
  const std::string constants = Dump(R"(map: ".rodata")").values;
  const CallResult frozen = Seed(".rodata", 1, Word(0), constants);
  EXPECT_EQ(frozen.finished.detail().errno_name(), "EPERM") << frozen.Text();
  EXPECT_THAT(frozen.finished.detail().hint(), HasSubstr("globals"));
}

class ManyEntriesTest : public PackedTest {
 protected:
  static constexpr uint32_t kMessages = 20;
  static constexpr uint32_t kEntries = 10000;

  void SetUp() override {
    PackedTest::SetUp();
    ASSERT_TRUE(
        worker_.Load(TestObject("all_maps"), R"(maps { map: "struct_key" max_entries: 200000 })", "big")
            .ok());
    TestCall call = worker_.Start(R"(seed_map { map: "big/struct_key" })");
    for (uint32_t message = 0; message < kMessages; ++message) {
      std::string keys;
      std::string values;
      for (uint32_t i = 0; i < kEntries; ++i) {
        keys += Long(message * kEntries + i);
        values += Long(~uint64_t{message * kEntries + i});
      }
      Request request;
      *request.mutable_seed_map() = Packed("", kEntries, keys, values);
      ASSERT_TRUE(call.Send(request).ok());
    }
    call.FinishSending();
    const CallResult seeded = call.Wait();
    ASSERT_EQ(seeded.reply().seed_map().written(), uint64_t{kMessages} * kEntries) << seeded.Text();
  }
};

TEST_F(ManyEntriesTest, ComeInMessagesOfBoundedSizeAndOnceEach) {
  const Dumped dumped = Dump(R"(map: "big/struct_key")");
  EXPECT_EQ(dumped.count, uint64_t{kMessages} * kEntries);
  EXPECT_GT(dumped.messages, 10u);
  EXPECT_LT(dumped.largest, 2 * worker::kMaxPackedMessageBytes);
  EXPECT_TRUE(dumped.summary.batched());
  const std::map<std::string, std::string> entries = dumped.Entries();
  ASSERT_EQ(entries.size(), dumped.count);
  for (uint32_t i = 0; i < kMessages * kEntries; ++i) ASSERT_EQ(entries.at(Long(i)), Long(~uint64_t{i})) << i;
}

TEST_F(ManyEntriesTest, OfAMapThatChangesMeanwhileTheRestComes) {
  TestCall dumping = worker_.Start(R"(dump_map { packed: true map: "big/struct_key" })");
  // The dump is not read yet, so that most of it is still to come when these go.
  TestCall removing = worker_.Start(R"(seed_map { map: "big/struct_key" })");
  for (uint32_t first = 0; first < kMessages * kEntries; first += 4096) {
    Request request;
    for (uint32_t i = first; i < std::min(first + 4096, kMessages * kEntries); ++i) {
      v1::SeedEntry& entry = *request.mutable_seed_map()->add_entries();
      entry.mutable_key()->set_raw(Long(i));
      entry.set_delete_(true);
    }
    ASSERT_TRUE(removing.Send(request).ok());
  }
  removing.FinishSending();
  const CallResult removed = removing.Wait();
  EXPECT_EQ(removed.reply().seed_map().deleted(), uint64_t{kMessages} * kEntries) << removed.Text();
  const Dumped dumped = Collect(dumping.Wait());
  EXPECT_LT(dumped.count, uint64_t{kMessages} * kEntries);
  EXPECT_FALSE(dumped.summary.atomic());
  for (const auto& [key, value] : dumped.Entries()) {
    uint64_t number = 0;
    key.copy(reinterpret_cast<char*>(&number), sizeof(number));
    ASSERT_EQ(value, Long(~number)) << "an entry is whole, whatever becomes of the map";
  }
}

TEST_F(PackedTest, WideValuesComeOneMessageEachIfTheyMust) {
  ASSERT_TRUE(
      worker_.Load(TestObject("all_maps"), R"(maps { map: "array" max_entries: 5000 })", "wide").ok());
  const Dumped dumped = Dump(R"(map: "wide/array")");
  EXPECT_EQ(dumped.count, 5000u);
  EXPECT_LE(dumped.largest, worker::kMaxPackedMessageBytes + 1024);
}

}  // namespace
}  // namespace bpfrig::tests
