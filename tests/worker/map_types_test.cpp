// Every type of map that may load: one is made, written to and read as the table of docs/maps.md says, or
// refused where it says that it cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/kernel_bpf/policy/list.h"
#include "tests/support/documents.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

constexpr char kOld[] = "map_types";
constexpr char kNew[] = "map_types_new";

struct Type {
  const char* name;
  const char* object;
  // As the table has them: an entry of `seed`, and of `dump` what tells which entries are read.
  const char* seed;
  const char* dump;
  const char* key;
  // What has to be there before.
  std::vector<std::string> before;
  // Of seed_map; empty: it is not written to that way.
  std::string entries;
  // Of dump_map, without the map.
  std::string read;
  // How many entries are read; negative: reading is refused.
  int count;
};

const std::string kEntry = "entries { key { unsigned_integer: 1 } value { unsigned_integer: 7 } }";
const std::string kValue = "entries { value { unsigned_integer: 7 } }";
const std::string kServer =
    R"(listen { name: "s" at { address: "10.96.0.1" port: 80 } behaviour { echo: true } })";
const std::string kSharedServer =
    R"(listen { name: "s" at { address: "10.96.0.1" port: 80 } reuseport: true behaviour { echo: true } })";
const std::string kAttach = R"(attach { target { program: "count_packets" } })";

std::string Tagged(const std::string& tag) {
  return absl::StrCat("entries { key { unsigned_integer: 1 } value { tag { ", tag, " } } }");
}

std::vector<Type> Types() {
  const char* plain = "`{key, value}`";
  const char* all = "all, or `keys:`";
  const char* index = "index";
  const char* own = "its own type";
  const std::string socket = Tagged(R"(socket { connection: "s" })");
  return {
      {"hash", kOld, plain, all, own, {}, kEntry, "", 1},
      {"array", kOld, plain, all, index, {}, kEntry, "", 4},
      {"percpu_hash", kOld, "`{key, value}` for every CPU, `{key, cpu_values}`", all, own, {}, kEntry, "", 1},
      {"percpu_array",
       kOld,
       "`{key, value}` for every CPU, `{key, cpu_values}`",
       all,
       index,
       {},
       kEntry,
       "",
       4},
      {"lru_hash", kOld, plain, all, own, {}, kEntry, "", 1},
      {"lru_percpu_hash",
       kOld,
       "`{key, value}` for every CPU, `{key, cpu_values}`",
       all,
       own,
       {},
       kEntry,
       "",
       1},
      {"lpm_trie",
       kOld,
       plain,
       all,
       "prefix length, and the address in network order",
       {},
       R"(entries { key { fields { fields { name: "length" value { unsigned_integer: 16 } }
                                   fields { name: "address" value { tag { ip: "10.96.0.0" } } } } }
                    value { unsigned_integer: 7 } })",
       "",
       1},
      {"queue", kOld, "`{value}`", "all, with `consume: true`", "none", {}, kValue, "consume: true", 1},
      {"stack", kOld, "`{value}`", "all, with `consume: true`", "none", {}, kValue, "consume: true", 1},
      {"bloom_filter",
       kNew,
       "`{value}`",
       "the values that `contains` and `absent` ask for",
       "none",
       {},
       kValue,
       "patterns { value { unsigned_integer: 7 } } patterns { value { unsigned_integer: 800 } }",
       1},
      {"stack_trace",
       kOld,
       "no: programs fill it, of types that may not load",
       all,
       "stack id",
       {},
       "",
       "",
       0},
      {"prog_array",
       kOld,
       "`{key, value: !program p}`",
       all,
       index,
       {},
       Tagged("program: \"count_packets\""),
       "",
       1},
      {"array_of_maps", kOld, "`{key, value: !map m}`", all, index, {}, Tagged("map: \"inner\""), "", 1},
      {"hash_of_maps", kOld, "`{key, value: !map m}`", all, own, {}, Tagged("map: \"inner\""), "", 1},
      {"cgroup_array",
       kOld,
       "`{key, value: !cgroup_id }`",
       "no: the kernel does not tell",
       index,
       {},
       Tagged("cgroup_id: true"),
       "",
       -1},
      {"ringbuf", kOld, "no: programs write it", "no: `events` reads it", "none", {}, "", "", -1},
      {"user_ringbuf", kNew, "no: `write` does", "no: programs read it", "none", {}, "", "", -1},
      {"perf_event_array", kOld, "no: programs write it", "no: `events` reads it", "CPU", {}, "", "", -1},
      {"sockmap",
       kOld,
       "`{key, value: !socket s}`, also servers",
       "all, or `keys:`, as cookies, if a value has 8 bytes",
       index,
       {kServer},
       socket,
       "",
       1},
      {"sockhash",
       kOld,
       "`{key, value: !socket s}`, also servers",
       "all, or `keys:`, as cookies if a value has 8 bytes, else keys alone",
       own,
       {kServer},
       socket,
       "",
       1},
      {"reuseport_sockarray",
       kOld,
       "`{key, value: !socket s}`, servers with `reuseport: true`",
       "all, or `keys:`, as cookies, if a value has 8 bytes",
       index,
       {kSharedServer},
       socket,
       "",
       1},
      {"sk_storage",
       kOld,
       "`{key: !socket s, value}`",
       "`keys: [!socket s]`",
       "socket",
       {kServer},
       R"(entries { key { tag { socket { connection: "s" } } } value { unsigned_integer: 7 } })",
       R"(keys { tag { socket { connection: "s" } } })",
       1},
      {"xskmap",
       kOld,
       "no: the rig makes no AF_XDP sockets",
       "no: the kernel does not tell",
       index,
       {},
       "",
       "",
       -1},
      {"cgroup_storage",
       kOld,
       "`{key, value}`, once a program that uses it is attached",
       all,
       "`{cgroup_inode_id: !cgroup_id , attach_type: 1}`, or `!cgroup_id`, as it is declared",
       {kAttach},
       R"(entries { key { fields { fields { name: "cgroup_inode_id" value { tag { cgroup_id: true } } }
                                   fields { name: "attach_type" value { unsigned_integer: 1 } } } }
                    value { unsigned_integer: 7 } })",
       "",
       1},
      {"percpu_cgroup_storage",
       kOld,
       "the same, or `cpu_values`",
       all,
       "the same",
       {kAttach},
       "entries { key { tag { cgroup_id: true } } value { unsigned_integer: 7 } }",
       "",
       1},
      {"cgrp_storage",
       kNew,
       "`{key: !cgroup_id , value}`",
       "`keys: [!cgroup_id ]`",
       "cgroup",
       {},
       "entries { key { tag { cgroup_id: true } } value { unsigned_integer: 7 } }",
       "keys { tag { cgroup_id: true } }",
       1},
      {"devmap", kOld, "`{key, value: !ifindex }`", all, index, {}, Tagged("ifindex: true"), "", 1},
      {"devmap_hash", kOld, "`{key, value: !ifindex }`", all, own, {}, Tagged("ifindex: true"), "", 1},
      {"cpumap",
       kOld,
       "`{key, value}`: packets that wait at most",
       all,
       "CPU",
       {},
       "entries { key { unsigned_integer: 0 } value { unsigned_integer: 16 } }",
       "",
       1},
  };
}

void PrintTo(const Type& type, std::ostream* out) { *out << type.name; }

class MapTypesTest : public WorkerRootTest, public ::testing::WithParamInterface<Type> {};

int CountEntries(const CallResult& result) {
  int count = 0;
  for (const auto& reply : result.replies) count += reply.dump_map().entries_size();
  return count;
}

TEST_P(MapTypesTest, IsWrittenAndReadAsTheTableSays) {
  const Type& type = GetParam();
  const CallResult loaded = worker_.Load(TestObject(type.object));
  if (type.object == kNew && !loaded.reply().load_program().has_loaded()) {
    GTEST_SKIP() << WhyNotTaken(loaded);
  }
  ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.Text();
  for (const std::string& request : type.before) BPFRIG_EXPECT_RUNS(request);
  const std::string map = absl::StrCat("map: \"", type.name, "\" ");
  if (type.entries.empty()) {
    const CallResult refused = Run(absl::StrCat("seed_map { ", map, kEntry, " }"));
    EXPECT_FALSE(refused.ok()) << "the table says that it cannot be written to";
  } else {
    const CallResult seeded = Run(absl::StrCat("seed_map { ", map, type.entries, " }"));
    EXPECT_TRUE(seeded.ok()) << seeded.Text();
    EXPECT_EQ(seeded.reply().seed_map().written(), 1u);
  }
  const CallResult dumped = Run(absl::StrCat("dump_map { ", map, type.read, " }"));
  if (type.count < 0) {
    EXPECT_EQ(dumped.reason(), v1::ERROR_REASON_UNSUPPORTED) << dumped.Text();
    return;
  }
  EXPECT_TRUE(dumped.ok()) << dumped.Text();
  EXPECT_EQ(CountEntries(dumped), type.count) << dumped.Text();
  EXPECT_FALSE(dumped.reply().dump_map().summary().truncated());
}

INSTANTIATE_TEST_SUITE_P(Types, MapTypesTest, ::testing::ValuesIn(Types()),
                         [](const auto& type) { return std::string(type.param.name); });

TEST(MapTypesPageTest, HasARowForEachTypeThatMayLoad) {
  std::set<std::string> listed;
  std::string table = "| type | an entry of `seed` | `dump` reads | key |\n|---|---|---|---|\n";
  for (const Type& type : Types()) {
    listed.insert(type.name);
    absl::StrAppend(&table, "| `", type.name, "` | ", type.seed, " | ", type.dump, " | ", type.key, " |\n");
  }
  for (const kernel_bpf::ListGroup& group : kernel_bpf::MapTypeList().groups) {
    if (!group.allowed) continue;
    for (const absl::string_view name : group.names) EXPECT_EQ(listed.count(std::string(name)), 1u) << name;
  }
  ExpectTable(BPFRIG_SOURCE "/docs/maps.md", table);
}

}  // namespace
}  // namespace bpfrig::tests
