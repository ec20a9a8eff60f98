// The part of OpenedObject that changes globals and maps before loading.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/object_types.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/object/opened_object.h"
#include "daemon/kernel_bpf/object/share_maps.h"

namespace bpfrig::kernel_bpf {
namespace {

absl::Status InvalidChoice(absl::string_view message) {
  return base::MakeError(base::Reason::kInvalidField, message);
}

// Into a section's bytes, at the variable's place in them.
absl::Status EncodeVariable(TypeRef type, size_t offset, const Value& value, std::string& section) {
  BPFRIG_ASSIGN_OR_RETURN(const size_t size, SizeOf(type));
  if (offset > section.size() || size > section.size() - offset) {
    return base::MakeError(base::Reason::kBadObject, "the variable is outside of its section");
  }
  std::string bytes = section.substr(offset, size);
  BPFRIG_RETURN_IF_ERROR(EncodeInto(type, value, bytes));
  section.replace(offset, size, bytes);
  return absl::OkStatus();
}

}  // namespace

absl::Status OpenedObject::SetGlobals(const Fields& globals, absl::string_view elf) {
  if (globals.empty()) return absl::OkStatus();
  const ObjectTypes types(bpf_object__btf(get()), elf);
  for (size_t i = 0; i < globals.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (globals[i].name != globals[j].name) continue;
      return base::WithField(
          base::MakeError(base::Reason::kDuplicateName,
                          absl::StrCat("variable \"", globals[i].name, "\" is given twice")),
          globals[i].name);
    }
    BPFRIG_RETURN_IF_ERROR(SetGlobal(globals[i], types));
  }
  return absl::OkStatus();
}

absl::Status OpenedObject::SetGlobal(const Field& global, const ObjectTypes& types) {
  const struct btf* btf = bpf_object__btf(get());
  const DeclaredMap* home = nullptr;
  Member found;
  std::vector<std::string> names;
  for (const DeclaredMap& declared : maps_) {
    if (!declared.is_data_section) continue;
    for (const Member& variable : MembersOf(Strip({btf, declared.value_type}))) {
      names.emplace_back(variable.name);
      if (variable.name != global.name) continue;
      home = &declared;
      found = variable;
    }
  }
  if (home == nullptr) {
    return base::WithField(
        base::MakeError(base::Reason::kUnknownName,
                        absl::StrCat("the object has no global variable \"", global.name, "\"; it has ",
                                     common::NamesNear(global.name, names))),
        global.name);
  }
  size_t size = 0;
  const void* initial = bpf_map__initial_value(home->map, &size);
  if (initial == nullptr) return InvalidChoice(absl::StrCat("section ", home->name, " has no initial value"));
  std::string bytes(static_cast<const char*>(initial), size);
  BPFRIG_RETURN_IF_ERROR(base::WithField(
      EncodeVariable(types.Whole(found.type), found.bit_offset / 8, global.value, bytes), global.name));
  int error = bpf_map__set_initial_value(home->map, bytes.data(), bytes.size());
  return error == 0 ? absl::OkStatus()
                    : base::KernelError(error, absl::StrCat("setting global ", global.name));
}

absl::Status OpenedObject::ChangeMaps(const std::vector<MapChoice>& choices) {
  for (size_t i = 0; i < choices.size(); ++i) {
    const std::string field = absl::StrCat("maps[", i, "]");
    BPFRIG_RETURN_IF_ERROR(base::WithField(ChangeMap(choices[i]), field));
    if (choices[i].shared_fd < 0) continue;
    const std::string written = choices[i].is_shared_by_name ? "share" : absl::StrCat(field, ".shared_with");
    BPFRIG_RETURN_IF_ERROR(base::WithField(ShareMap(choices[i]), written));
  }
  return absl::OkStatus();
}

absl::Status OpenedObject::ChangeMap(const MapChoice& choice) {
  absl::StatusOr<const DeclaredMap*> declared = FindMap(choice.map);
  if (!declared.ok()) return base::WithField(declared.status(), "map");
  if (choice.shared_fd >= 0) BPFRIG_RETURN_IF_ERROR(CheckNotShared(choice));
  BPFRIG_RETURN_IF_ERROR(SetSize(**declared, "key", choice.key_size));
  BPFRIG_RETURN_IF_ERROR(SetSize(**declared, "value", choice.value_size));
  LibbpfOutput output;
  if (choice.flags) {
    int error = bpf_map__set_map_flags((*declared)->map, *choice.flags);
    if (error != 0) return base::WithField(base::KernelError(error, "setting the map's flags"), "flags");
  }
  if (choice.max_entries != 0) {
    int error = bpf_map__set_max_entries((*declared)->map, choice.max_entries);
    if (error != 0) return base::WithField(base::KernelError(error, "setting the map's size"), "max_entries");
  }
  return base::WithField(SetInnerMap(**declared, choice), "inner_map");
}

absl::Status OpenedObject::CheckNotShared(const MapChoice& choice) {
  const char* field = nullptr;
  if (choice.max_entries != 0) field = "max_entries";
  if (choice.key_size != 0) field = "key_size";
  if (choice.value_size != 0) field = "value_size";
  if (choice.flags) field = "flags";
  if (field == nullptr) return absl::OkStatus();
  return base::WithField(
      InvalidChoice(absl::StrCat("map \"", choice.map, "\" is shared with ", choice.shared_with,
                                 ", and has its sizes and flags from there")),
      field);
}

absl::Status OpenedObject::SetSize(const DeclaredMap& declared, absl::string_view half, uint32_t size) {
  if (size == 0) return absl::OkStatus();
  const bool is_key = half == "key";
  const std::string field = absl::StrCat(half, "_size");
  const uint32_t type = is_key ? declared.key_type : declared.value_type;
  if (type != 0 && !HoldsEvents(bpf_map__type(declared.map))) {
    const TypeRef declared_type{bpf_object__btf(get()), type};
    BPFRIG_ASSIGN_OR_RETURN(const size_t declared_size, SizeOf(declared_type));
    if (declared_size == size) return absl::OkStatus();
    return base::WithField(
        base::MakeError(base::Reason::kTypeMismatch,
                        absl::StrCat("giving map \"", declared.name, "\" a ", field, " of ", size, ": the ",
                                     half, " is declared as ", TypeName(declared_type), ", which has ",
                                     declared_size, " bytes")),
        field);
  }
  LibbpfOutput output;
  const int error =
      is_key ? bpf_map__set_key_size(declared.map, size) : bpf_map__set_value_size(declared.map, size);
  if (error == 0) return absl::OkStatus();
  return base::WithField(base::KernelError(error, absl::StrCat("setting the map's ", field)), field);
}

absl::Status OpenedObject::ShareMap(const MapChoice& choice) {
  BPFRIG_ASSIGN_OR_RETURN(const DeclaredMap* declared, FindMap(choice.map));
  BPFRIG_RETURN_IF_ERROR(CheckSameShape(*declared, choice));
  LibbpfOutput output;
  int error = bpf_map__reuse_fd(declared->map, choice.shared_fd);
  return error == 0 ? absl::OkStatus() : base::KernelError(error, absl::StrCat("sharing map ", choice.map));
}

absl::Status OpenedObject::SetInnerMap(const DeclaredMap& declared, const MapChoice& choice) {
  if (choice.inner_fd < 0 && choice.inner_map.empty()) return absl::OkStatus();
  uint32_t type = bpf_map__type(declared.map);
  if (type != BPF_MAP_TYPE_ARRAY_OF_MAPS && type != BPF_MAP_TYPE_HASH_OF_MAPS) {
    return base::MakeError(base::Reason::kTypeMismatch,
                           absl::StrCat("map \"", declared.name, "\" is of type ", MapTypeName(type),
                                        ", which has no inner map"));
  }
  int fd = choice.inner_fd;
  if (fd < 0) {
    BPFRIG_ASSIGN_OR_RETURN(const DeclaredMap* inner, FindMap(choice.inner_map));
    // The kernel wants an example of the inner map; the object's own does not exist yet.
    auto options = LibbpfOptions<bpf_map_create_opts>();
    options.map_flags = bpf_map__map_flags(inner->map);
    options.map_extra = bpf_map__map_extra(inner->map);
    fd = bpf_map_create(bpf_map__type(inner->map), "inner_example", bpf_map__key_size(inner->map),
                        bpf_map__value_size(inner->map), bpf_map__max_entries(inner->map), &options);
    if (fd < 0) return base::KernelError(fd, absl::StrCat("creating an example of inner map ", inner->name));
    inner_maps_.emplace_back(fd);
  }
  LibbpfOutput output;
  int error = bpf_map__set_inner_map_fd(declared.map, fd);
  if (error == 0) return absl::OkStatus();
  return base::WithHint(base::KernelError(error, absl::StrCat("setting the inner map of ", declared.name)),
                        "leave inner_map out if the object declares the inner map itself");
}

}  // namespace bpfrig::kernel_bpf
