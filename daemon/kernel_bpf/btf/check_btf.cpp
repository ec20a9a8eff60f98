#include "daemon/kernel_bpf/btf/check_btf.h"

#include <bpf/btf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

// What a type refers to: numbers of types, and places of names among the strings.
struct References {
  std::vector<uint32_t> types;
  std::vector<uint32_t> names;
};

template <typename Element>
void AddNames(const Element* elements, uint16_t count, References& references) {
  for (uint16_t i = 0; i < count; ++i) references.names.push_back(elements[i].name_off);
}

template <typename Element>
void AddTypes(const Element* elements, uint16_t count, References& references) {
  for (uint16_t i = 0; i < count; ++i) references.types.push_back(elements[i].type);
}

// btf__new has made sure that all of a type's elements are within the section.
void CollectReferences(const struct btf_type* type, References& references) {
  references.types.clear();
  references.names.assign(1, type->name_off);
  const uint16_t count = btf_vlen(type);
  switch (btf_kind(type)) {
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      AddNames(btf_members(type), count, references);
      return AddTypes(btf_members(type), count, references);
    case BTF_KIND_FUNC_PROTO:
      references.types.push_back(type->type);
      AddNames(btf_params(type), count, references);
      return AddTypes(btf_params(type), count, references);
    case BTF_KIND_ENUM:
      return AddNames(btf_enum(type), count, references);
    case BTF_KIND_ENUM64:
      return AddNames(btf_enum64(type), count, references);
    case BTF_KIND_DATASEC:
      return AddTypes(btf_var_secinfos(type), count, references);
    case BTF_KIND_ARRAY:
      references.types = {btf_array(type)->type, btf_array(type)->index_type};
      return;
    case BTF_KIND_INT:
    case BTF_KIND_FLOAT:
    case BTF_KIND_FWD:
      return;
    default:
      references.types.push_back(type->type);
  }
}

absl::Status BrokenType(const struct btf* btf, uint32_t id, absl::string_view why) {
  const absl::string_view name = NameOf(btf, btf__type_by_id(btf, id));
  const std::string type =
      name.empty() ? absl::StrCat("type ", id) : absl::StrCat("type ", id, " (", name, ")");
  return base::WithHint(
      base::MakeError(base::Reason::kBadObject, absl::StrCat("the object's BTF is broken: ", type, " ", why)),
      "compile it again: no compiler writes that");
}

absl::Status CheckReferences(const struct btf* btf, uint32_t id, References& references) {
  const uint32_t count = btf__type_cnt(btf);
  CollectReferences(btf__type_by_id(btf, id), references);
  for (const uint32_t type : references.types) {
    if (type < count) continue;
    return BrokenType(btf, id, absl::StrCat("refers to type ", type, ", and the last one is ", count - 1));
  }
  for (const uint32_t name : references.names) {
    if (btf__str_by_offset(btf, name) != nullptr) continue;
    return BrokenType(btf, id, absl::StrCat("has a name at byte ", name, ", behind the end of the strings"));
  }
  return absl::OkStatus();
}

// Libbpf follows typedefs, modifiers and arrays until something else comes.
absl::Status CheckNesting(const struct btf* btf, uint32_t id) {
  const struct btf_type* type = btf__type_by_id(btf, id);
  for (int depth = 0; depth <= kMaxNesting; ++depth) {
    if (btf_is_array(type)) {
      type = btf__type_by_id(btf, btf_array(type)->type);
    } else if (btf_is_mod(type) || btf_is_typedef(type)) {
      type = btf__type_by_id(btf, type->type);
    } else {
      return absl::OkStatus();
    }
  }
  return BrokenType(btf, id,
                    absl::StrCat("is made of itself, or of more than ", kMaxNesting, " types in a row"));
}

}  // namespace

absl::Status CheckBtf(const struct btf* btf) {
  const uint32_t count = btf__type_cnt(btf);
  References references;
  for (uint32_t id = 1; id < count; ++id) {
    BPFRIG_RETURN_IF_ERROR(CheckReferences(btf, id, references));
  }
  for (uint32_t id = 1; id < count; ++id) BPFRIG_RETURN_IF_ERROR(CheckNesting(btf, id));
  return absl::OkStatus();
}

absl::Status CheckBtfSection(absl::string_view section) {
  LibbpfOutput output;
  struct btf* btf = btf__new(section.data(), static_cast<uint32_t>(section.size()));
  if (btf == nullptr) return absl::OkStatus();
  const BtfTypes types(btf);
  return CheckBtf(btf);
}

}  // namespace bpfrig::kernel_bpf
