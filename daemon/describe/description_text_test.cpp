#include "daemon/describe/description_text.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "daemon/describe/map_needs.h"
#include "daemon/describe/still_to_say.h"

namespace bpfrig::describe {
namespace {

v1::ObjectDescription Parse(const std::string& text) {
  v1::ObjectDescription description;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &description));
  return description;
}

TEST(DescriptionTextTest, AlignsWhatThereIs) {
  const v1::ObjectDescription object = Parse(R"pb(
    programs {
      name: "connect"
      section: "cgroup/connect4"
      type: "cgroup_sock_addr"
      place: ATTACH_PLACE_CGROUP
      loaded_by_default: true
    }
    programs {
      name: "out"
      section: "tcx/egress"
      type: "sched_cls"
      attach_type: "tcx_egress"
      place: ATTACH_PLACE_LOOPBACK
    }
    maps {
      name: "frontends"
      type: "hash"
      key_size: 4
      value_size: 8
      max_entries: 1
      flags: 1
      key_type: 1
      key_type_name: "struct key"
      pinned_by_name: true
    }
    maps { name: ".bss" type: "array" key_size: 4 value_size: 4 max_entries: 1 is_data_section: true }
    globals { name: "count" section: ".bss" type_name: "__u32" writable_after_load: true }
    types {
      id: 1
      name: "key"
      kind: TYPE_KIND_STRUCT
      size: 4
      members { name: "address" type_name: "__u32" }
    }
    license: "GPL"
    has_btf: true
    still_to_say: "something"
  )pb");
  EXPECT_EQ(
      DescriptionText("x.o", object),
      "x.o: 2 programs, 2 maps, 1 type, license GPL, BTF\n"
      "programs\n"
      "  connect  cgroup_sock_addr  to the cgroup  section cgroup/connect4\n"
      "  out      sched_cls         to lo, egress  section tcx/egress       not loaded by default\n"
      "maps\n"
      "  frontends  hash     key struct key, 4 bytes  value 8 bytes  1 entry  shared by name  flags 0x1\n"
      "  .bss       globals                           value 4 bytes\n"
      "fields of their keys and values\n"
      "  struct key  {address: __u32}\n"
      "globals\n"
      "  count  __u32  .bss\n"
      "a plan would still have to say\n"
      "  something\n");
}

// It comes from a process that may have been taken over.
TEST(DescriptionTextTest, DoesNotTrustIds) {
  const v1::ObjectDescription object = Parse(R"pb(
    maps { name: "a" type: "hash" key_type: 7 key_type_name: "seven" value_type: 1 value_type_name: "loop" }
    types { id: 1 kind: TYPE_KIND_TYPEDEF of: 1 }
  )pb");
  EXPECT_EQ(DescriptionText("x", object), "x: 0 programs, 1 map, 1 type, no license\nmaps\n  a  hash\n");
}

TEST(StillToSayTest, ShowsHowToSayIt) {
  const v1::ObjectDescription object = Parse(R"pb(
    has_btf: true
    has_dwarf: true
    programs { name: "msg" type: "sk_msg" place: ATTACH_PLACE_SOCKET_MAP loaded_by_default: true }
    programs { name: "filter" type: "socket_filter" place: ATTACH_PLACE_SOCKET loaded_by_default: true }
    programs {
      name: "probe"
      type: "kprobe"
      not_allowed: "program \"probe\" is not allowed"
      loaded_by_default: true
    }
    programs { name: "odd" type_problem: "section \"odd\" tells nothing" loaded_by_default: true }
    programs { name: "maybe" type: "sock_ops" place: ATTACH_PLACE_CGROUP }
    maps { name: "sockets" type: "sockhash" key_size: 4 value_size: 4 max_entries: 1 }
    maps { name: "one" type: "hash" key_size: 4 value_size: 4 max_entries: 1 }
    maps { name: "two" type: "lru_hash" key_size: 4 value_size: 4 max_entries: 1 }
    maps { name: "sized" type: "hash" key_type: 1 value_type: 1 missing: "key_size" missing: "max_entries" }
    maps { name: "events" type: "ringbuf" max_entries: 4096 }
  )pb");
  EXPECT_EQ(
      absl::StrJoin(StillToSay(object), "\n"),
      "program \"msg\" is attached to a map of sockets: attach: {program: msg, map: sockets}\n"
      "program \"filter\" is attached to a socket that is there already: attach: {program: filter, socket: "
      "NAME}\n"
      "program \"probe\" is not allowed\n"
      "section \"odd\" tells nothing\n"
      "program \"maybe\" is loaded only if the plan names it: programs: [maybe]\n"
      "map \"sized\" has no key_size and no max_entries: maps: [{map: sized, key_size: ..., max_entries: "
      "...}]\n"
      "map \"events\" does not say what its records are: events: {map: events, type: ...}\n"
      "declared by sizes: one, two; to write by type, give key_type and value_type where they are seeded "
      "and dumped (types that BTF lacks may be in the debug information)");
  EXPECT_EQ(StillToSay(v1::ObjectDescription()).size(), 2U);
}

TEST(MapNeedsTest, KnowsWhichSizesEachTypeNeeds) {
  const auto missing = [](const std::string& type) {
    v1::MapDescription map;
    map.set_type(type);
    return absl::StrJoin(MissingOf(map), " ");
  };
  EXPECT_EQ(missing("hash"), "key_size value_size max_entries");
  EXPECT_EQ(missing("ringbuf"), "max_entries");
  EXPECT_EQ(missing("sk_storage"), "");
  EXPECT_EQ(missing("cgroup_storage"), "");
  EXPECT_EQ(missing("perf_event_array"), "");
  EXPECT_EQ(missing("hash_of_maps"), "max_entries inner_map");
}

}  // namespace
}  // namespace bpfrig::describe
