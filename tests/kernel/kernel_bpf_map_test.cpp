// Reading and writing maps of every type, with batches and without.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <sys/socket.h>

#include <map>
#include <set>

#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/map_codec.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "daemon/kernel_bpf/map/map_write.h"
#include "tests/kernel/kernel_bpf_fixture.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

std::string Word(uint32_t number) { return {reinterpret_cast<const char*>(&number), sizeof(number)}; }
uint32_t NumberIn(const std::string& bytes) {
  uint32_t number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof(number)));
  return number;
}

MapChange Change(std::string key, std::string value) {
  MapChange change;
  change.key = std::move(key);
  change.value = std::move(value);
  return change;
}
MapChange Removal(std::string key) {
  MapChange change;
  change.key = std::move(key);
  change.remove = true;
  return change;
}

Map Make(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries, uint32_t flags = 0) {
  MapInfo info;
  info.type = type;
  info.key_size = key_size;
  info.value_size = value_size;
  info.max_entries = entries;
  info.flags = flags;
  return Map::Create("made", info).value();
}

std::vector<MapEntry> DumpAll(const Map& map, BatchMode mode, bool consume = false, bool* batched = nullptr) {
  std::vector<MapEntry> all;
  absl::StatusOr<MapDump> dump = MapDump::Start(map, mode, consume);
  EXPECT_TRUE(dump.ok()) << dump.status();
  while (dump.ok()) {
    absl::StatusOr<EntryBlock> block = dump->Next();
    EXPECT_TRUE(block.ok()) << block.status();
    if (!block.ok() || block->count == 0) break;
    EXPECT_LE(block->count, 2 * kDumpChunk);
    for (uint32_t i = 0; i < block->count; ++i) all.push_back(EntryAt(map, *block, i));
  }
  EXPECT_FALSE(dump.ok() && dump->truncated());
  if (batched != nullptr && dump.ok()) *batched = dump->batched();
  return all;
}

struct TypeCase {
  const char* name;
  uint32_t type;
  uint32_t flags;
};

class PlainMapTest : public testing::TestWithParam<std::tuple<TypeCase, BatchMode>> {};

// More entries than one chunk holds, written, read, partly deleted, and read again.
TEST_P(PlainMapTest, ReadsWhatWasWritten) {
  const auto& [type, mode] = GetParam();
  constexpr uint32_t kEntries = 5000;
  Map map = Make(type.type, 4, 8, kEntries, type.flags);
  std::vector<MapChange> changes;
  for (uint32_t i = 0; i < kEntries; ++i) changes.push_back(Change(Word(i), Word(i) + Word(~i)));
  WriteProgress progress;
  absl::Status written = WriteMap(map, changes, mode, progress);
  ASSERT_TRUE(written.ok()) << written;
  EXPECT_EQ(progress.written, kEntries);
  EXPECT_EQ(progress.batched, mode != BatchMode::kElement);
  bool batched = false;
  std::map<std::string, std::string> found;
  for (const MapEntry& entry : DumpAll(map, mode, false, &batched)) found[entry.key] = entry.value;
  EXPECT_EQ(batched, mode != BatchMode::kElement);
  ASSERT_EQ(found.size(), kEntries);
  for (const MapChange& change : changes) EXPECT_EQ(found[change.key], change.value);
  if (map.IsIndexed()) return;
  std::vector<MapChange> removals = {Removal(Word(1)), Removal(Word(4999))};
  ASSERT_TRUE(WriteMap(map, removals, mode, progress).ok());
  EXPECT_EQ(progress.deleted, 2U);
  EXPECT_FALSE(LookupMap(map, Word(1))->has_value());
  EXPECT_EQ(DumpAll(map, mode).size(), kEntries - 2);
}

std::string CaseName(const testing::TestParamInfo<PlainMapTest::ParamType>& info) {
  const char* modes[] = {"Auto", "Batch", "Element"};
  return std::string(std::get<0>(info.param).name) + modes[static_cast<int>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(
    AllModes, PlainMapTest,
    testing::Combine(testing::Values(TypeCase{"Hash", BPF_MAP_TYPE_HASH, 0},
                                     TypeCase{"HashOnDemand", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC},
                                     TypeCase{"Array", BPF_MAP_TYPE_ARRAY, 0}),
                     testing::Values(BatchMode::kAuto, BatchMode::kBatch, BatchMode::kElement)),
    CaseName);

class ModeTest : public testing::TestWithParam<BatchMode> {};
INSTANTIATE_TEST_SUITE_P(AllModes, ModeTest,
                         testing::Values(BatchMode::kAuto, BatchMode::kBatch, BatchMode::kElement));

TEST_P(ModeTest, GivesEachCpuItsValue) {
  uint32_t cpus = PossibleCpus().value();
  for (uint32_t type : {BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY}) {
    Map map = Make(type, 4, 12, 4);
    MapChange each = Change(Word(1), "");
    for (uint32_t cpu = 0; cpu < cpus; ++cpu) each.cpu_values.push_back(Word(cpu + 100) + Word(1) + Word(2));
    WriteProgress progress;
    absl::Status status = WriteMap(map, {Change(Word(0), std::string(12, 'x')), each}, GetParam(), progress);
    if (GetParam() == BatchMode::kBatch && absl::IsUnimplemented(status)) {
      GTEST_SKIP() << "this kernel has no batch operations for " << map.type_name();
    }
    ASSERT_TRUE(status.ok()) << status;
    std::map<std::string, MapEntry> found;
    for (const MapEntry& entry : DumpAll(map, GetParam())) found[entry.key] = entry;
    EXPECT_EQ(found[Word(0)].cpu_values, std::vector<std::string>(cpus, std::string(12, 'x')));
    EXPECT_EQ(found[Word(1)].cpu_values, each.cpu_values);
    EXPECT_EQ(found[Word(1)].value, each.cpu_values[0]);
    EXPECT_EQ(LookupMap(map, Word(1))->value().cpu_values, each.cpu_values);
    each.cpu_values.pop_back();
    EXPECT_EQ(DetailOf(WriteMap(map, {each}, GetParam(), progress)).reason, Reason::kTypeMismatch);
  }
}

TEST_P(ModeTest, TakesEntriesOutOfAHash) {
  Map map = Make(BPF_MAP_TYPE_HASH, 4, 4, 100);
  std::vector<MapChange> changes;
  for (uint32_t i = 0; i < 100; ++i) changes.push_back(Change(Word(i), Word(i)));
  WriteProgress progress;
  ASSERT_TRUE(WriteMap(map, changes, GetParam(), progress).ok());
  std::set<std::string> keys;
  for (const MapEntry& entry : DumpAll(map, GetParam(), true)) keys.insert(entry.key);
  EXPECT_EQ(keys.size(), 100U);
  EXPECT_TRUE(DumpAll(map, GetParam()).empty());
}

TEST_P(ModeTest, SaysWhichEntryDidNotFit) {
  Map map = Make(BPF_MAP_TYPE_HASH, 4, 4, 2);
  WriteProgress progress;
  std::vector<MapChange> changes = {Change(Word(1), Word(1)), Change(Word(2), Word(2)),
                                    Change(Word(3), Word(3)), Change(Word(4), Word(4))};
  absl::Status status = WriteMap(map, changes, GetParam(), progress);
  EXPECT_EQ(DetailOf(status).errno_name, "E2BIG") << status;
  EXPECT_EQ(DetailOf(status).object, "made");
  EXPECT_THAT(DetailOf(status).hint, HasSubstr("max_entries"));
  EXPECT_EQ(progress.failed_at, 2U);
  EXPECT_EQ(progress.written, 2U);
  progress = {};
  status = WriteMap(map, {Removal(Word(1)), Removal(Word(9))}, GetParam(), progress);
  EXPECT_EQ(DetailOf(status).errno_name, "ENOENT") << status;
  EXPECT_EQ(progress.failed_at, 1U);
  EXPECT_EQ(progress.deleted, 1U);
}

TEST(KernelBpfMapTest, WritesNothingWhenASizeIsWrong) {
  Map map = Make(BPF_MAP_TYPE_HASH, 4, 4, 8);
  WriteProgress progress;
  absl::Status status =
      WriteMap(map, {Change(Word(1), Word(1)), Change("abc", Word(1))}, BatchMode::kAuto, progress);
  EXPECT_EQ(DetailOf(status).reason, Reason::kTypeMismatch);
  EXPECT_EQ(progress.failed_at, 1U);
  EXPECT_TRUE(DumpAll(map, BatchMode::kAuto).empty());
}

TEST(KernelBpfMapTest, FindsTheLongestPrefix) {
  Map map = Make(BPF_MAP_TYPE_LPM_TRIE, 8, 4, 8, BPF_F_NO_PREALLOC);
  WriteProgress progress;
  std::string net = Word(8) + std::string("\x0a\0\0\0", 4);
  ASSERT_TRUE(WriteMap(map, {Change(net, Word(8))}, BatchMode::kAuto, progress).ok());
  EXPECT_EQ(LookupMap(map, Word(32) + std::string("\x0a\1\2\3", 4))->value().value, Word(8));
  EXPECT_FALSE(LookupMap(map, Word(32) + std::string("\x0b\1\2\3", 4))->has_value());
  EXPECT_EQ(DumpAll(map, BatchMode::kElement).size(), 1U);
  EXPECT_EQ(DumpAll(map, BatchMode::kAuto).size(), 1U);
}

TEST(KernelBpfMapTest, PopsQueuesAndStacks) {
  for (uint32_t type : {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK}) {
    Map map = Make(type, 0, 4, 8);
    WriteProgress progress;
    ASSERT_TRUE(WriteMap(map, {Change("", Word(1)), Change("", Word(2)), Change("", Word(3))},
                         BatchMode::kAuto, progress)
                    .ok());
    EXPECT_FALSE(progress.batched);
    EXPECT_EQ(DetailOf(MapDump::Start(map, BatchMode::kAuto, false).status()).field, "consume");
    std::vector<uint32_t> order;
    for (const MapEntry& entry : DumpAll(map, BatchMode::kAuto, true)) order.push_back(NumberIn(entry.value));
    std::vector<uint32_t> expected = {1, 2, 3};
    if (type == BPF_MAP_TYPE_STACK) expected = {3, 2, 1};
    EXPECT_EQ(order, expected);
    EXPECT_TRUE(DumpAll(map, BatchMode::kAuto, true).empty());
  }
}

TEST(KernelBpfMapTest, RefusesForcedBatchesWhenThereAreNone) {
  Map queue = Make(BPF_MAP_TYPE_QUEUE, 0, 4, 8);
  WriteProgress progress;
  absl::Status status = WriteMap(queue, {Change("", Word(1))}, BatchMode::kBatch, progress);
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnsupported) << status;
  Map sockmap = Make(BPF_MAP_TYPE_SOCKMAP, 4, 8, 2);
  EXPECT_EQ(DetailOf(MapDump::Start(sockmap, BatchMode::kBatch, false).status()).reason,
            Reason::kUnsupported);
}

TEST(KernelBpfMapTest, TellsProgramsAndInnerMapsByTheirIds) {
  BpfObject object = MustLoad("all_maps");
  auto write = [&](const char* map_name, uint32_t key, int fd) {
    const Map& map = *object.FindMap(map_name);
    MapCodec codec = MapCodec::Create(map, {}, {}).value();
    WriteProgress progress;
    MapChange change = Change(codec.EncodeKey(Unsigned(key))->bytes,
                              codec.EncodeValue(Unsigned(static_cast<uint64_t>(fd)))->bytes);
    absl::Status status = WriteMap(map, {change}, BatchMode::kAuto, progress);
    EXPECT_TRUE(status.ok()) << status;
    std::vector<MapEntry> entries = DumpAll(map, BatchMode::kAuto);
    EXPECT_EQ(entries.size(), 1U) << "empty slots are not entries";
    return entries.empty() ? 0 : std::get<uint64_t>(codec.DecodeValue(entries[0].value)->value().kind);
  };
  EXPECT_EQ(write("programs", 0, object.FindProgram("tail_called")->fd()),
            object.FindProgram("tail_called")->Info()->id);
  EXPECT_EQ(write("hash_of_maps", 80, object.FindMap("inner_a")->fd()), object.FindMap("inner_a")->info().id);
  EXPECT_EQ(write("array_of_maps", 0, object.FindMap("inner_b")->fd()), object.FindMap("inner_b")->info().id);
}

// Two ends of a TCP connection over loopback.
struct Connection {
  common::Fd listener;
  common::Fd dialled;
  common::Fd accepted;
};

Connection ConnectLoopback() {
  Connection connection;
  connection.listener = common::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct sockaddr_in address {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<struct sockaddr*>(&address);
  socklen_t length = sizeof(address);
  EXPECT_EQ(::bind(connection.listener.Get(), generic, length), 0);
  EXPECT_EQ(::listen(connection.listener.Get(), 1), 0);
  EXPECT_EQ(::getsockname(connection.listener.Get(), generic, &length), 0);
  connection.dialled = common::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(connection.dialled.Get(), generic, length), 0);
  connection.accepted = common::Fd(::accept4(connection.listener.Get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(connection.accepted.IsOpen());
  return connection;
}

uint64_t CookieOf(const common::Fd& socket) {
  uint64_t cookie = 0;
  socklen_t length = sizeof(cookie);
  EXPECT_EQ(::getsockopt(socket.Get(), SOL_SOCKET, SO_COOKIE, &cookie, &length), 0);
  return cookie;
}

TEST(KernelBpfMapTest, TellsSocketsByTheirCookies) {
  BpfObject object = MustLoad("all_maps");
  Connection connection = ConnectLoopback();
  const Map& map = *object.FindMap("sockhash_with_cookies");
  MapCodec codec = MapCodec::Create(map, {}, {}).value();
  std::string key(map.info().key_size, 'k');
  std::string value = codec.EncodeValue(Unsigned(static_cast<uint64_t>(connection.dialled.Get())))->bytes;
  WriteProgress progress;
  absl::Status status = WriteMap(map, {Change(key, value)}, BatchMode::kAuto, progress);
  ASSERT_TRUE(status.ok()) << status;
  std::vector<MapEntry> entries = DumpAll(map, BatchMode::kAuto);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(codec.DecodeValue(entries[0].value)->value(), Unsigned(CookieOf(connection.dialled)));
  EXPECT_FALSE(LookupMap(map, std::string(map.info().key_size, 'x'))->has_value());
}

TEST(KernelBpfMapTest, FindsKeysOfASocketHashThatTellsNoCookies) {
  BpfObject object = MustLoad("all_maps");
  Connection connection = ConnectLoopback();
  const Map& map = *object.FindMap("sockhash");
  std::string key(map.info().key_size, 'k');
  WriteProgress progress;
  absl::Status status = WriteMap(map, {Change(key, Word(static_cast<uint32_t>(connection.dialled.Get())))},
                                 BatchMode::kAuto, progress);
  ASSERT_TRUE(status.ok()) << status;
  std::vector<MapEntry> entries = DumpAll(map, BatchMode::kAuto);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].key, key);
  EXPECT_EQ(entries[0].value, "");
  EXPECT_TRUE(LookupMap(map, key)->has_value());
  EXPECT_FALSE(LookupMap(map, std::string(key.size(), 'x'))->has_value());
  // Unlike a hash, a map by index would show all its slots.
  EXPECT_EQ(DetailOf(MapDump::Start(*object.FindMap("sockmap"), BatchMode::kAuto, false).status()).reason,
            Reason::kUnsupported);
}

TEST(KernelBpfMapTest, RefusesAnUnconnectedSocketWithAReason) {
  BpfObject object = MustLoad("all_maps");
  common::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  WriteProgress progress;
  absl::Status status =
      WriteMap(*object.FindMap("sockmap"), {Change(Word(0), Word(static_cast<uint32_t>(socket.Get())))},
               BatchMode::kAuto, progress);
  EXPECT_EQ(DetailOf(status).errno_name, "EOPNOTSUPP") << status;
  EXPECT_THAT(DetailOf(status).hint, HasSubstr("established"));
}

TEST(KernelBpfMapTest, KeepsDataWithASocket) {
  BpfObject object = MustLoad("all_maps");
  Connection connection = ConnectLoopback();
  const Map& map = *object.FindMap("storage");
  MapCodec codec = MapCodec::Create(map, {}, {}).value();
  std::string key = codec.EncodeKey(Unsigned(static_cast<uint64_t>(connection.accepted.Get())))->bytes;
  EXPECT_FALSE(LookupMap(map, key)->has_value());
  Value value = FieldsOf({{"u16", Unsigned(9)}, {"text", TextOf("kept")}});
  WriteProgress progress;
  absl::Status status =
      WriteMap(map, {Change(key, codec.EncodeValue(value)->bytes)}, BatchMode::kAuto, progress);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(LookupMap(map, key)->value().value, codec.EncodeValue(value)->bytes);
  EXPECT_EQ(DetailOf(MapDump::Start(map, BatchMode::kAuto, false).status()).reason, Reason::kUnsupported);
}

TEST(KernelBpfMapTest, NeedsATypeForNumbersInAMapOfSizes) {
  BpfObject object = MustLoad("sizes_only");
  const Map& map = *object.FindMap("km_frontend");
  EXPECT_FALSE(map.key_type().has_value());
  MapCodec codec = MapCodec::Create(map, {}, {}).value();
  EXPECT_EQ(DetailOf(codec.EncodeKey(Unsigned(1)).status()).reason, Reason::kNoType);
  EXPECT_EQ(codec.EncodeKey(Raw(std::string(map.info().key_size, 'a')))->bytes.size(), map.info().key_size);
  EXPECT_FALSE(codec.DecodeKey(std::string(map.info().key_size, 'a'))->has_value());
  BtfTypes types = BtfTypes::FromElf(ReadFile(std::string(BPFRIG_BPF_OBJECTS) + "/types.bpf.o")).value();
  TypeRef key_type = types.types().Find("frontend_key").value();
  MapCodec typed = MapCodec::Create(map, key_type, {}).value();
  EXPECT_TRUE(typed.EncodeKey(FieldsOf({{"addr", Prefix("\x0a\x60")}})).ok());
  TypeRef wrong = types.types().Find("backend_value").value();
  absl::Status status = MapCodec::Create(map, wrong, {}).status();
  EXPECT_EQ(DetailOf(status).field, "key_type");
  EXPECT_THAT(std::string(status.message()), HasSubstr("the key of map \"km_frontend\" has"));
}

TEST(KernelBpfMapTest, RefusesToWriteAFrozenSection) {
  BpfObject object = MustLoad("all_maps");
  const Map& map = *object.FindMap(".rodata");
  WriteProgress progress;
  MapChange change = Change(Word(0), std::string(map.info().value_size, '\0'));
  absl::Status status = WriteMap(map, {change}, BatchMode::kAuto, progress);
  EXPECT_EQ(DetailOf(status).errno_name, "EPERM");
  EXPECT_THAT(DetailOf(status).hint, HasSubstr("frozen"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
