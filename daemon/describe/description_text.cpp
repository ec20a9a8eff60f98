#include "daemon/describe/description_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bpfrig::describe {
namespace {

using Row = std::vector<std::string>;

std::string Count(int count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// The rows below a heading, their columns aligned.
void AppendTable(absl::string_view heading, const std::vector<Row>& rows, std::string& text) {
  if (rows.empty()) return;
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  absl::StrAppend(&text, heading, "\n");
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, "  ", row[i], std::string(widths[i] - row[i].size(), ' '));
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
}

std::string PlaceWords(const v1::ProgramDescription& program) {
  switch (program.place()) {
    case v1::ATTACH_PLACE_CGROUP:
      return "to the cgroup";
    case v1::ATTACH_PLACE_NETNS:
      return "to the network namespace";
    case v1::ATTACH_PLACE_SOCKET_MAP:
      return "to a map of sockets";
    case v1::ATTACH_PLACE_LOOPBACK:
      if (program.type() != "sched_cls") return "to lo";
      return program.attach_type() == "tcx_egress" ? "to lo, egress" : "to lo, ingress or egress";
    case v1::ATTACH_PLACE_SOCKET:
      return "to a socket";
    default:
      return program.type().empty() ? "?" : "nowhere";
  }
}

Row RowOf(const v1::ProgramDescription& program) {
  return {program.name(), program.type().empty() ? "type not known" : program.type(), PlaceWords(program),
          absl::StrCat("section ", program.section()),
          program.loaded_by_default() ? "" : "not loaded by default"};
}

// "key struct frontend_key, 16 bytes"
std::string HalfWords(absl::string_view half, uint32_t size, absl::string_view type) {
  if (size == 0) return "";
  return absl::StrCat(half, " ", type, type.empty() ? "" : ", ", size, size == 1 ? " byte" : " bytes");
}

// What a plan would name below a value of that type: "{upstream_id: __u32}"; empty for what has no members.
std::string Members(const v1::ObjectDescription& object, uint32_t id) {
  // The ids come from the process that read the object: they may be anything.
  for (int hops = 0; id != 0 && id <= static_cast<uint32_t>(object.types_size()) && hops < 64; ++hops) {
    const v1::TypeDescription& type = object.types(static_cast<int>(id) - 1);
    if (type.kind() == v1::TYPE_KIND_TYPEDEF) {
      id = type.of();
      continue;
    }
    std::vector<std::string> members;
    for (const v1::MemberDescription& member : type.members()) {
      members.push_back(absl::StrCat(member.name(), ": ", member.type_name()));
    }
    return members.empty() ? "" : absl::StrCat("{", absl::StrJoin(members, ", "), "}");
  }
  return "";
}

std::string Entries(const v1::MapDescription& map) {
  if (map.max_entries() == 0) return "";
  return map.max_entries() == 1 ? "1 entry" : absl::StrCat(map.max_entries(), " entries");
}

Row RowOf(const v1::MapDescription& map) {
  if (map.is_data_section()) return {map.name(), "globals", "", HalfWords("value", map.value_size(), "")};
  Row row = {map.name(), map.type(), HalfWords("key", map.key_size(), map.key_type_name()),
             HalfWords("value", map.value_size(), map.value_type_name()), Entries(map)};
  if (map.pinned_by_name()) row.emplace_back("shared by name");
  if (map.has_inner_map()) row.push_back(absl::StrCat("of ", map.inner_map().type()));
  if (map.flags() != 0) row.push_back(absl::StrCat("flags 0x", absl::Hex(map.flags())));
  return row;
}

// Below the maps, the fields of their keys and values.
std::vector<Row> FieldRows(const v1::ObjectDescription& object) {
  std::vector<Row> rows;
  std::vector<std::string> shown;
  const auto show = [&](uint32_t id, const std::string& name) {
    const std::string members = Members(object, id);
    if (members.empty() || std::find(shown.begin(), shown.end(), name) != shown.end()) return;
    shown.push_back(name);
    rows.push_back({name, members});
  };
  for (const v1::MapDescription& map : object.maps()) {
    if (map.is_data_section()) continue;
    show(map.key_type(), map.key_type_name());
    show(map.value_type(), map.value_type_name());
  }
  return rows;
}

Row RowOf(const v1::GlobalDescription& global) {
  return {global.name(), global.type_name(), global.section(),
          global.writable_after_load() ? "" : "before the load only"};
}

template <typename Items>
std::vector<Row> Rows(const Items& items) {
  std::vector<Row> rows;
  for (const auto& item : items) rows.push_back(RowOf(item));
  return rows;
}

}  // namespace

std::string DescriptionText(absl::string_view object, const v1::ObjectDescription& description) {
  std::string text = absl::StrCat(
      object, ": ", Count(description.programs_size(), "program"), ", ",
      Count(description.maps_size(), "map"), ", ", Count(description.types_size(), "type"), ", ",
      description.license().empty() ? "no license" : absl::StrCat("license ", description.license()),
      description.has_btf() ? ", BTF" : "", description.has_dwarf() ? ", DWARF" : "", "\n");
  AppendTable("programs", Rows(description.programs()), text);
  AppendTable("maps", Rows(description.maps()), text);
  AppendTable("fields of their keys and values", FieldRows(description), text);
  AppendTable("globals", Rows(description.globals()), text);
  std::vector<Row> sentences;
  for (const std::string& sentence : description.still_to_say()) sentences.push_back({sentence});
  AppendTable("a plan would still have to say", sentences, text);
  return text;
}

}  // namespace bpfrig::describe
