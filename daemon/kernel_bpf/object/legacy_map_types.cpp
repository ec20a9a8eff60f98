#include "daemon/kernel_bpf/object/legacy_map_types.h"

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <linux/btf.h>

#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

// A data section counts its variables in 16 bits.
constexpr size_t kMostVariables = 65535;
constexpr uint32_t kPointerBits = 64;

absl::Status Bad(absl::string_view message) { return base::MakeError(base::Reason::kBadObject, message); }

absl::Status NoRoom(absl::string_view map) {
  return Bad(absl::StrCat("declaring map \"", map, "\": the object's BTF has no room for it"));
}

// What BPF_ANNOTATE_KV_PAIR(NAME, key, value) says: the types of the two members of a struct
// ____btf_map_NAME.
struct Annotation {
  uint32_t key = 0;
  uint32_t value = 0;
};

class MapDeclarations {
 public:
  explicit MapDeclarations(struct btf* btf) : owner_(btf), btf_(btf) {}

  absl::StatusOr<std::string> Declare(const ModernMaps& modern, const std::vector<LegacyMap>& maps);

 private:
  struct Variable {
    uint32_t id = 0;
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  // A member of the struct that declares a map: a name, and the type's number.
  using Members = std::vector<std::pair<const char*, int>>;

  [[nodiscard]] TypeRef Type(uint32_t id) const { return {btf_, id}; }
  // `int (*)[number]`, the way of __uint.
  int Number(uint32_t number) { return btf__add_ptr(btf_, btf__add_array(btf_, byte_, byte_, number)); }
  void CollectAnnotations();
  [[nodiscard]] absl::StatusOr<std::optional<Annotation>> FindAnnotation(const LegacyMap& map) const;
  [[nodiscard]] absl::Status CheckSize(const LegacyMap& map, absl::string_view half, uint32_t declared,
                                       uint32_t type) const;
  [[nodiscard]] absl::StatusOr<Members> MembersFor(const LegacyMap& map);
  [[nodiscard]] absl::StatusOr<int> AddValues(const LegacyMap& map, const std::vector<LegacyMap>& maps);
  [[nodiscard]] absl::StatusOr<int> AddStruct(const std::string& map, const Members& members);
  [[nodiscard]] absl::StatusOr<int> AddVariable(const LegacyMap& map, const std::vector<LegacyMap>& maps);
  // Of the data section .maps, as the object has it.
  [[nodiscard]] absl::StatusOr<std::vector<Variable>> ModernVariables(const ModernMaps& modern) const;
  void RetireDataSections();

  BtfTypes owner_;
  struct btf* btf_;
  int byte_ = 0;
  std::map<std::string, Annotation, std::less<>> annotations_;  // by the map's name
};

void MapDeclarations::CollectAnnotations() {
  const uint32_t count = btf__type_cnt(btf_);
  for (uint32_t id = 1; id < count; ++id) {
    const struct btf_type* type = btf__type_by_id(btf_, id);
    if (!btf_is_struct(type) || btf_vlen(type) != 2) continue;
    absl::string_view name = NameOf(btf_, type);
    if (!absl::ConsumePrefix(&name, "____btf_map_")) continue;
    const struct btf_member* members = btf_members(type);
    annotations_.emplace(name, Annotation{members[0].type, members[1].type});
  }
}

absl::StatusOr<std::optional<Annotation>> MapDeclarations::FindAnnotation(const LegacyMap& map) const {
  const auto found = annotations_.find(map.name);
  if (found == annotations_.end()) return std::optional<Annotation>();
  BPFRIG_RETURN_IF_ERROR(CheckSize(map, "key", map.key_size, found->second.key));
  BPFRIG_RETURN_IF_ERROR(CheckSize(map, "value", map.value_size, found->second.value));
  return std::optional<Annotation>(found->second);
}

absl::Status MapDeclarations::CheckSize(const LegacyMap& map, absl::string_view half, uint32_t declared,
                                        uint32_t type) const {
  BPFRIG_ASSIGN_OR_RETURN(const size_t size, SizeOf(Type(type)));
  if (size == declared) return absl::OkStatus();
  return base::WithHint(
      base::WithObject(base::MakeError(base::Reason::kTypeMismatch,
                                       absl::StrCat("map \"", map.name, "\" has a ", half, "_size of ",
                                                    declared, ", and ", TypeName(Type(type)),
                                                    ", the type that BPF_ANNOTATE_KV_PAIR gives its ", half,
                                                    ", has ", size, " bytes")),
                       map.name),
      "give both the same size");
}

absl::StatusOr<MapDeclarations::Members> MapDeclarations::MembersFor(const LegacyMap& map) {
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<Annotation> annotation, FindAnnotation(map));
  Members members{{"type", Number(map.type)}};
  if (annotation) {
    members.emplace_back("key", btf__add_ptr(btf_, static_cast<int>(annotation->key)));
    members.emplace_back("value", btf__add_ptr(btf_, static_cast<int>(annotation->value)));
  } else {
    members.emplace_back("key_size", Number(map.key_size));
    members.emplace_back("value_size", Number(map.value_size));
  }
  members.emplace_back("max_entries", Number(map.max_entries));
  members.emplace_back("map_flags", Number(map.flags));
  return members;
}

// What the map holds, the way of __array(values, struct { ... }); 0 if it does not say.
absl::StatusOr<int> MapDeclarations::AddValues(const LegacyMap& map, const std::vector<LegacyMap>& maps) {
  if (!IsMapOfMaps(map) || map.inner_id == 0) return 0;
  for (const LegacyMap& inner : maps) {
    if (inner.id != map.inner_id) continue;
    if (IsMapOfMaps(inner)) {
      return Bad(absl::StrCat("map \"", map.name, "\" has the inner map \"", inner.name,
                              "\", which is a map of maps itself"));
    }
    BPFRIG_ASSIGN_OR_RETURN(const Members members, MembersFor(inner));
    BPFRIG_ASSIGN_OR_RETURN(const int definition, AddStruct(inner.name, members));
    return btf__add_array(btf_, byte_, btf__add_ptr(btf_, definition), 0);
  }
  return Bad(
      absl::StrCat("map \"", map.name, "\" has the inner_id ", map.inner_id, ", which is the id of no map"));
}

absl::StatusOr<int> MapDeclarations::AddStruct(const std::string& map, const Members& members) {
  const int id = btf__add_struct(btf_, nullptr, kMapSlot);
  uint32_t offset = 0;
  for (const auto& [name, type] : members) {
    if (id < 0 || type < 0 || btf__add_field(btf_, name, type, offset, 0) != 0) return NoRoom(map);
    offset += kPointerBits;
  }
  return id;
}

absl::StatusOr<std::vector<MapDeclarations::Variable>> MapDeclarations::ModernVariables(
    const ModernMaps& modern) const {
  std::vector<Variable> variables;
  const int id = btf__find_by_name_kind(btf_, kMapsSection, BTF_KIND_DATASEC);
  if (id <= 0) return variables;
  const struct btf_type* section = btf__type_by_id(btf_, static_cast<uint32_t>(id));
  for (uint16_t i = 0; i < btf_vlen(section); ++i) {
    const struct btf_var_secinfo& info = btf_var_secinfos(section)[i];
    const std::string name(NameOf(btf_, btf__type_by_id(btf_, info.type)));
    const auto offset = modern.offsets.find(name);
    // The compiler leaves it to the symbols to say where a variable is.
    if (offset == modern.offsets.end()) {
      return Bad(absl::StrCat("map \"", name, "\" of section .maps has no symbol there"));
    }
    variables.push_back({info.type, offset->second, info.size});
  }
  return variables;
}

// Libbpf looks for a section by the name of each data section, and takes the first one called .maps for the
// maps. As types are numbered, none can go: what is retired becomes a struct of as many bytes, which nobody
// names, and which takes as much room.
void MapDeclarations::RetireDataSections() {
  const uint32_t count = btf__type_cnt(btf_);
  for (uint32_t id = 1; id < count; ++id) {
    auto* type = const_cast<struct btf_type*>(btf__type_by_id(btf_, id));
    if (!btf_is_datasec(type)) continue;
    const absl::string_view name = NameOf(btf_, type);
    if (name != kMapsSection && !IsLegacyMapSection(name)) continue;
    const uint16_t length = btf_vlen(type);
    static_assert(sizeof(struct btf_member) == sizeof(struct btf_var_secinfo));
    type->name_off = 0;
    type->info = uint32_t{BTF_KIND_STRUCT} << 24 | length;
    type->size = length;
    for (uint16_t i = 0; i < length; ++i) {
      btf_members(type)[i] = {.name_off = 0, .type = static_cast<uint32_t>(byte_), .offset = i * 8U};
    }
  }
}

absl::StatusOr<int> MapDeclarations::AddVariable(const LegacyMap& map, const std::vector<LegacyMap>& maps) {
  BPFRIG_ASSIGN_OR_RETURN(Members members, MembersFor(map));
  // An inner map is a pattern, which nobody shares.
  if (map.is_pinned) members.emplace_back("pinning", Number(1));
  BPFRIG_ASSIGN_OR_RETURN(const int values, AddValues(map, maps));
  if (values != 0) members.emplace_back("values", values);
  BPFRIG_ASSIGN_OR_RETURN(const int type, AddStruct(map.name, members));
  const int variable = btf__add_var(btf_, map.name.c_str(), BTF_VAR_GLOBAL_ALLOCATED, type);
  if (variable < 0) return NoRoom(map.name);
  return variable;
}

absl::StatusOr<std::string> MapDeclarations::Declare(const ModernMaps& modern,
                                                     const std::vector<LegacyMap>& maps) {
  // An array of as many as a number says must have less than 4 GiB.
  byte_ = btf__add_int(btf_, "char", 1, BTF_INT_CHAR);
  BPFRIG_ASSIGN_OR_RETURN(std::vector<Variable> variables, ModernVariables(modern));
  if (variables.size() + maps.size() > kMostVariables) return Bad("the object has too many maps");
  CollectAnnotations();
  RetireDataSections();
  uint32_t end = modern.end;
  for (const LegacyMap& map : maps) {
    BPFRIG_ASSIGN_OR_RETURN(const int variable, AddVariable(map, maps));
    variables.push_back({static_cast<uint32_t>(variable), end, kMapSlot});
    end += kMapSlot;
  }
  btf__add_datasec(btf_, kMapsSection, end);
  for (const Variable& variable : variables) {
    btf__add_datasec_var_info(btf_, static_cast<int>(variable.id), variable.offset, variable.size);
  }
  uint32_t size = 0;
  const void* bytes = btf__raw_data(btf_, &size);
  if (bytes == nullptr) return NoRoom(".maps");
  return std::string(static_cast<const char*>(bytes), size);
}

// Libbpf 1.1 reads a gap between the two, and writes none, but counts it.
bool StringsFollowTypes(absl::string_view btf) {
  struct btf_header header;
  if (btf.size() < sizeof(header)) return false;
  std::memcpy(&header, btf.data(), sizeof(header));
  return header.hdr_len == sizeof(header) && header.type_off == 0 && header.str_off == header.type_len;
}

}  // namespace

absl::StatusOr<std::string> DeclareMaps(absl::string_view btf, const ModernMaps& modern,
                                        const std::vector<LegacyMap>& maps) {
  LibbpfOutput output;
  struct btf* types =
      btf.empty() ? btf__new_empty() : btf__new(btf.data(), static_cast<uint32_t>(btf.size()));
  if (types == nullptr) return Bad(absl::StrCat("the object's BTF is broken: ", output.LastLine()));
  MapDeclarations declarations(types);
  if (!btf.empty() && !StringsFollowTypes(btf)) {
    return Bad("the object's BTF is broken: its strings do not follow its types");
  }
  return declarations.Declare(modern, maps);
}

}  // namespace bpfrig::kernel_bpf
