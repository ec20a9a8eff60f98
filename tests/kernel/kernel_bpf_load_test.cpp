// Loading objects into a real kernel: the changes before, the information after, and how a refusal looks.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/libbpf/features.h"
#include "daemon/kernel_bpf/map/map_codec.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "tests/kernel/kernel_bpf_fixture.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::ElementsAre;
using testing::HasSubstr;

// The member of that name in fields.
Value MemberOf(const Value& value, const std::string& name) {
  for (const Field& field : std::get<Fields>(value.kind)) {
    if (field.name == name) return field.value;
  }
  ADD_FAILURE() << "no member " << name;
  return {};
}

// A variable as a loaded object has it.
Value GlobalOf(const BpfObject& object, const std::string& section, const std::string& name) {
  const Map* map = object.FindMap(section);
  if (map == nullptr) {
    ADD_FAILURE() << "no map " << section;
    return {};
  }
  std::optional<MapEntry> entry = LookupMap(*map, std::string(4, '\0')).value();
  MapCodec codec = MapCodec::Create(*map, {}, {}).value();
  return MemberOf(codec.DecodeValue(entry.value().value)->value(), name);
}

absl::Status LoadError(const ObjectSpec& spec) {
  absl::StatusOr<LoadOutcome> outcome = BpfObject::Load(spec);
  EXPECT_FALSE(outcome.ok());
  return outcome.status();
}

TEST(KernelBpfLoadTest, TellsProgramsAndMapsOfALoadedObject) {
  BpfObject object = MustLoad("all_maps");
  ASSERT_NE(object.FindProgram("connect_with_maps"), nullptr);
  const Program& program = *object.FindProgram("connect_with_maps");
  EXPECT_EQ(program.type_name(), "cgroup_sock_addr");
  EXPECT_EQ(program.section(), "cgroup/connect4");
  EXPECT_GT(program.Info()->instruction_count, 20U);
  EXPECT_GT(program.Info()->id, 0U);
  const Map* hash = object.FindMap("hash");
  ASSERT_NE(hash, nullptr);
  EXPECT_EQ(hash->type_name(), "hash");
  EXPECT_EQ(hash->info().max_entries, 1024U);
  EXPECT_EQ(TypeName(*hash->value_type()), "struct everything");
  ASSERT_NE(object.FindMap(".data"), nullptr);
  ASSERT_NE(object.FindMap(".bss"), nullptr);
  ASSERT_NE(object.FindMap(".rodata"), nullptr);
  // Libbpf forgets these types when it creates the map.
  EXPECT_EQ(TypeName(object.FindMap("sockhash")->key_type().value()), "struct bpf_sock_tuple");
  EXPECT_EQ(TypeName(object.FindMap("queue")->value_type().value()), "__u32");
  EXPECT_TRUE(object.types().Find("connect_event").ok());
}

TEST(KernelBpfLoadTest, SetsGlobalsBeforeLoading) {
  TestSpec test("all_maps");
  test.spec.globals = {{"constant_number", Unsigned(4711)},
                       {"constant_colour", TextOf("COLOUR_BELOW_ZERO")},
                       {"data_point", FieldsOf({{"y", Signed(-9)}})},
                       {"bss_text", TextOf("hello")}};
  BpfObject object = MustLoad(test.spec);
  EXPECT_EQ(GlobalOf(object, ".rodata", "constant_number"), Unsigned(4711));
  EXPECT_EQ(GlobalOf(object, ".rodata", "constant_colour"), TextOf("COLOUR_BELOW_ZERO"));
  EXPECT_EQ(GlobalOf(object, ".data", "data_point"), FieldsOf({{"x", Signed(0)}, {"y", Signed(-9)}}));
  EXPECT_EQ(GlobalOf(object, ".data", "data_number"), Unsigned(7)) << "a neighbour keeps what it held";
  EXPECT_EQ(GlobalOf(object, ".bss", "bss_text"), TextOf("hello"));
}

TEST(KernelBpfLoadTest, NamesTheGlobalsThatExist) {
  TestSpec test("all_maps");
  test.spec.globals = {{"constant_numbr", Unsigned(1)}};
  absl::Status status = LoadError(test.spec);
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnknownName);
  EXPECT_EQ(DetailOf(status).field, "globals.constant_numbr");
  EXPECT_THAT(std::string(status.message()), HasSubstr("it has constant_number"));
  test.spec.globals = {{"data_point", FieldsOf({{"z", Unsigned(1)}})}};
  EXPECT_EQ(DetailOf(LoadError(test.spec)).field, "globals.data_point.z");
  test.spec.globals = {{"data_number", Unsigned(1)}, {"data_number", Unsigned(2)}};
  EXPECT_EQ(DetailOf(LoadError(test.spec)).reason, Reason::kDuplicateName);
}

TEST(KernelBpfLoadTest, LoadsOnlyThePickedPrograms) {
  TestSpec test("noop");
  test.spec.programs = {{"noop_connect6", ""}};
  BpfObject object = MustLoad(test.spec);
  ASSERT_EQ(object.programs().size(), 1U);
  EXPECT_EQ(object.programs()[0].name(), "noop_connect6");
  test.spec.programs = {{"noop_conect6", ""}};
  absl::Status status = LoadError(test.spec);
  EXPECT_EQ(DetailOf(status).field, "programs[0].program");
  EXPECT_THAT(std::string(status.message()), HasSubstr("it has noop_connect6, noop_connect4"));
}

TEST(KernelBpfLoadTest, AsksForTheTypeOfAProgramInAnUnknownSection) {
  TestSpec test("unknown_section");
  absl::Status status = LoadError(test.spec);
  EXPECT_EQ(DetailOf(status).reason, Reason::kInvalidField);
  EXPECT_EQ(DetailOf(status).field, "programs");
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"redirect\" is in section \"mesh/connect\""));
  EXPECT_THAT(DetailOf(status).hint, HasSubstr("programs: [{program: redirect"));
  test.spec.programs = {{"redirect", "cgroup/conect4"}};
  EXPECT_EQ(DetailOf(LoadError(test.spec)).field, "programs[0].type");
  test.spec.programs = {{"redirect", "cgroup/connect4"}};
  BpfObject object = MustLoad(test.spec);
  EXPECT_EQ(object.programs()[0].type_name(), "cgroup_sock_addr");
}

TEST(KernelBpfLoadTest, ChangesTheSizesOfMaps) {
  TestSpec test("all_maps");
  MapChoice hash;
  hash.map = "hash";
  hash.max_entries = 12;
  MapChoice events;
  events.map = "events";
  events.max_entries = 5000;
  test.spec.maps = {hash, events};
  BpfObject object = MustLoad(test.spec);
  EXPECT_EQ(object.FindMap("hash")->info().max_entries, 12U);
  EXPECT_EQ(object.FindMap("events")->info().max_entries, 8192U) << "rounded by libbpf, and told";
  test.spec.maps[0].map = "hsh";
  EXPECT_EQ(DetailOf(LoadError(test.spec)).field, "maps[0].map");
}

TEST(KernelBpfLoadTest, SharesAMapBetweenObjects) {
  BpfObject first = MustLoad("all_maps");
  TestSpec test("all_maps");
  MapChoice choice;
  choice.map = "hash";
  choice.shared_fd = first.FindMap("hash")->fd();
  choice.shared_with = "first/hash";
  test.spec.maps = {choice};
  BpfObject second = MustLoad(test.spec);
  EXPECT_EQ(second.FindMap("hash")->info().id, first.FindMap("hash")->info().id);
  EXPECT_NE(second.FindMap("array")->info().id, first.FindMap("array")->info().id);
  test.spec.maps[0].shared_fd = first.FindMap("array")->fd();
  absl::Status status = LoadError(test.spec);
  EXPECT_EQ(DetailOf(status).reason, Reason::kTypeMismatch);
  EXPECT_EQ(DetailOf(status).field, "maps[0].shared_with");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("map \"hash\" cannot be first/hash: its type is hash, and there it is array"));
  test.spec.maps[0].shared_fd = first.FindMap("struct_key")->fd();
  EXPECT_THAT(std::string(LoadError(test.spec).message()), HasSubstr("its key_size is 4, and there it is 8"));
}

TEST(KernelBpfLoadTest, TakesAnInnerMapByExample) {
  BpfObject first = MustLoad("all_maps");
  TestSpec test("outer_map");
  Rejected rejected = LoadRefused(test.spec);
  EXPECT_EQ(rejected.map, "outer");
  EXPECT_THAT(rejected.hint, HasSubstr("inner_map"));
  MapChoice choice;
  choice.map = "outer";
  choice.inner_fd = first.FindMap("inner_a")->fd();
  test.spec.maps = {choice};
  EXPECT_EQ(MustLoad(test.spec).FindMap("outer")->type_name(), "hash_of_maps");
  test.spec.maps[0].inner_fd = -1;
  test.spec.maps[0].inner_map = "nothing";
  EXPECT_EQ(DetailOf(LoadError(test.spec)).field, "maps[0].inner_map");
}

TEST(KernelBpfLoadTest, TellsARefusalWithItsLogAndAHint) {
  Rejected rejected = LoadRefused(TestSpec("refused").spec);
  EXPECT_EQ(rejected.errno_name, "EACCES");
  EXPECT_EQ(rejected.program, "out_of_bounds");
  EXPECT_EQ(rejected.map, "");
  EXPECT_THAT(rejected.log, HasSubstr("unbounded"));
  EXPECT_FALSE(rejected.log_truncated);
  EXPECT_THAT(rejected.hint, HasSubstr("bound"));
}

TEST(KernelBpfLoadTest, HintsAtTheUsualMistakes) {
  TestSpec test("kernel_bpf_refusals");
  auto refuse = [&](const std::string& program) {
    test.spec.programs = {{program, ""}};
    Rejected rejected = LoadRefused(test.spec);
    EXPECT_EQ(rejected.program, program);
    return rejected;
  };
  EXPECT_THAT(refuse("forgets_null").hint, HasSubstr("with NULL"));
  EXPECT_THAT(refuse("returns_too_much").hint, HasSubstr("the kernel's line has the range"));
  EXPECT_THAT(refuse("keeps_a_socket").hint, HasSubstr("bpf_sk_release"));
}

TEST(KernelBpfLoadTest, KeepsTheTrueErrorAndTheEndOfALongLog) {
  TestSpec test("kernel_bpf_refusals");
  test.spec.programs = {{"talks_long", ""}};
  Rejected rejected = LoadRefused(test.spec);
  EXPECT_EQ(rejected.errno_name, "EACCES") << "not ENOSPC, which is the log's";
  EXPECT_EQ(rejected.program, "talks_long");
  EXPECT_TRUE(rejected.log_truncated);
  EXPECT_LE(rejected.log.size(), 64U * 1024);
  EXPECT_GT(rejected.log.size(), 60U * 1024);
  EXPECT_THAT(rejected.log, HasSubstr("map_value_or_null"));
  EXPECT_THAT(rejected.log, HasSubstr("\nprocessed "));
  EXPECT_THAT(rejected.hint, HasSubstr("NULL"));
}

TEST(KernelBpfLoadTest, ReturnsTheLogWhenAskedFor) {
  TestSpec test("noop");
  EXPECT_EQ(MustLoad(test.spec).log(), "");
  test.spec.log_level = 1;
  BpfObject object = MustLoad(test.spec);
  EXPECT_THAT(object.log(), HasSubstr("noop_connect4:\n"));
  EXPECT_THAT(object.log(), HasSubstr("processed "));
}

TEST(KernelBpfLoadTest, LoadsAProgramWhoseLogDoesNotFit) {
  TestSpec test("kernel_bpf_refusals");
  test.spec.programs = {{"talks_long_but_well", ""}};
  test.spec.log_level = 2;
  BpfObject object = MustLoad(test.spec);
  EXPECT_EQ(object.programs().size(), 1U);
  EXPECT_THAT(object.log(), HasSubstr("earlier lines left out"));
  EXPECT_THAT(object.log(), HasSubstr("processed "));
}

TEST(KernelBpfLoadTest, ReturnsAsMuchOfALogAsIsWanted) {
  TestSpec test("long_log");
  test.spec.programs = {{"refused", ""}};
  const Rejected end = LoadRefused(test.spec);
  EXPECT_TRUE(end.log_truncated);
  EXPECT_LE(end.log.size(), 64U * 1024);
  test.spec.max_log_bytes = size_t{16} << 20;
  const Rejected whole = LoadRefused(test.spec);
  EXPECT_FALSE(whole.log_truncated);
  EXPECT_GT(whole.log.size(), 64U * 1024);
  EXPECT_THAT(whole.log, HasSubstr("\n0: ("));
  EXPECT_EQ(whole.log.substr(whole.log.size() - end.log.size()), end.log);
  EXPECT_EQ(whole.hint, end.hint);
}

// More than the first buffer holds: 1 MiB.
TEST(KernelBpfLoadTest, ReturnsAWholeLogThatTakesALargerBuffer) {
  TestSpec test("long_log");
  test.spec.programs = {{"refused", ""}};
  test.spec.log_level = 2;
  test.spec.max_log_bytes = size_t{16} << 20;
  const Rejected whole = LoadRefused(test.spec);
  EXPECT_FALSE(whole.log_truncated);
  EXPECT_GT(whole.log.size(), size_t{1} << 20);
  EXPECT_THAT(whole.log, HasSubstr("\n0: ("));
  EXPECT_THAT(whole.log, HasSubstr("invalid access to map value"));
}

TEST(KernelBpfLoadTest, LoadsTheShippedObjects) {
  for (const char* name : {"cgroup_sock", "cgroup_skb", "sendmsg", "sockops"}) {
    std::string elf = ReadFile(std::string(BPFRIG_BPF_OBJECTS) + "/" + name + ".bpf.o");
    ObjectSpec spec;
    spec.name = name;
    spec.elf = elf;
    BpfObject object = MustLoad(spec);
    EXPECT_FALSE(object.programs().empty()) << name;
  }
}

// One program of each kind, and those with subprograms, tail calls and relocations in their first
// instructions.
TEST(KernelBpfLoadTest, LoadsAProgramThatDoesNothingInThePlaceOfAny) {
  const std::pair<const char*, const char*> kObjects[] = {
      {BPFRIG_BPF_OBJECTS, "cgroup_sock"},       {BPFRIG_BPF_OBJECTS, "cgroup_skb"},
      {BPFRIG_BPF_OBJECTS, "sendmsg"},           {BPFRIG_BPF_OBJECTS, "sockops"},
      {BPFRIG_TEST_OBJECTS, "kernel_bpf_hooks"}, {BPFRIG_TEST_OBJECTS, "all_maps"}};
  for (const auto& [folder, name] : kObjects) {
    SCOPED_TRACE(name);
    const std::string elf = ReadFile(std::string(folder) + "/" + name + ".bpf.o");
    ObjectSpec spec;
    spec.name = name;
    spec.elf = elf;
    const BpfObject whole = MustLoad(spec);
    for (const Program& program : whole.programs()) {
      SCOPED_TRACE(program.name());
      spec.inert_programs = {program.name()};
      const BpfObject object = MustLoad(spec);
      ASSERT_EQ(object.programs().size(), whole.programs().size());
      for (size_t i = 0; i < whole.programs().size(); ++i) {
        const bool is_inert = whole.programs()[i].name() == program.name();
        const uint32_t before = whole.programs()[i].Info()->instruction_count;
        EXPECT_EQ(object.programs()[i].Info()->instruction_count, is_inert ? 2U : before);
        EXPECT_EQ(object.programs()[i].type_name(), whole.programs()[i].type_name());
      }
    }
    // Nothing of it stays: the next object is loaded as it is.
    spec.inert_programs.clear();
    EXPECT_EQ(MustLoad(spec).programs()[0].Info()->instruction_count,
              whole.programs()[0].Info()->instruction_count);
  }
}

TEST(KernelBpfLoadTest, LacksAProgramThatIsToDoNothing) {
  TestSpec test("all_maps");
  test.spec.inert_programs = {"connect_with_map"};
  const absl::Status status = LoadError(test.spec);
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnknownName);
  EXPECT_EQ(DetailOf(status).field, "inert_programs[0]");
  EXPECT_THAT(std::string(status.message()), HasSubstr("connect_with_maps"));
}

TEST(KernelBpfLoadTest, ReadsTypesOfAnObjectWithoutPrograms) {
  std::string elf = ReadFile(std::string(BPFRIG_BPF_OBJECTS) + "/types.bpf.o");
  absl::StatusOr<BtfTypes> types = BtfTypes::FromElf(elf);
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_TRUE(types->types().Find("frontend_key").ok()) << types->types().Find("frontend_key").status();
}

TEST(KernelBpfLoadTest, TestRunsAPacketWhenTheKernelCan) {
  BpfObject object = MustLoad("kernel_bpf_hooks");
  std::string packet(64, '\0');
  packet[12] = 8;  // IPv4
  packet[14] = 0x45;
  TestRunInput input;
  input.data = packet;
  input.repeat = 3;
  absl::StatusOr<TestRunOutput> output = object.FindProgram("pass_frame")->TestRun(input);
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->return_value, 2U) << "XDP_PASS";
  EXPECT_EQ(output->data, packet);
  BpfObject noop = MustLoad("noop");
  absl::Status status = noop.programs()[0].TestRun(input).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnsupported) << status;
}

TEST(KernelBpfLoadTest, ProbesFeatures) {
  InOwnNetns([&] {
    std::vector<std::string> names;
    for (const Feature& feature : ProbeFeatures(1)) {
      names.push_back(feature.name);
      EXPECT_TRUE(feature.supported || !feature.detail.empty()) << feature.name;
      EXPECT_FALSE(feature.description.empty());
      // No kernel that this runs on lacks these.
      if (feature.name == "sock_ops" || feature.name == "sk_msg" || feature.name == "cgroup_sock_addr") {
        EXPECT_TRUE(feature.supported) << feature.name << ": " << feature.detail;
      }
    }
    EXPECT_THAT(
        names, ElementsAre("btf", "sockmap_link", "map_batch", "ringbuf", "user_ringbuf", "perf_events",
                           "bloom_filter", "sk_storage", "cgrp_storage", "perfmon", "tcx", "cgroup_sock_addr",
                           "cgroup_unix", "sock_ops", "sk_msg", "cgroup_skb", "sk_lookup"));
  });
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
