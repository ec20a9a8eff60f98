// The part of OpenedObject that changes globals and maps before loading.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/object/opened_object.h"

namespace bpfrig::kernel_bpf {
namespace {

absl::Status InvalidChoice(absl::string_view message) {
  return base::MakeError(base::Reason::kInvalidField, message);
}

// Whether two maps can stand for each other: compares what the verifier must know of a map.
absl::Status CheckSame(absl::string_view name, const MapInfo& shared, struct bpf_map* declared) {
  auto differs = [&](absl::string_view what, absl::string_view theirs, absl::string_view ours) {
    return base::MakeError(
        base::Reason::kTypeMismatch,
        absl::StrCat("the shared map's ", what, " is ", theirs, ", but \"", name, "\" declares ", ours));
  };
  uint32_t type = bpf_map__type(declared);
  if (shared.type != type) return differs("type", MapTypeName(shared.type), MapTypeName(type));
  uint32_t key_size = bpf_map__key_size(declared);
  if (shared.key_size != key_size)
    return differs("key_size", absl::StrCat(shared.key_size), absl::StrCat(key_size));
  uint32_t value_size = bpf_map__value_size(declared);
  if (shared.value_size != value_size) {
    return differs("value_size", absl::StrCat(shared.value_size), absl::StrCat(value_size));
  }
  uint32_t flags = bpf_map__map_flags(declared);
  if (shared.flags != flags) return differs("map_flags", absl::StrCat(shared.flags), absl::StrCat(flags));
  return absl::OkStatus();
}

}  // namespace

absl::Status OpenedObject::SetGlobals(const Fields& globals) {
  for (size_t i = 0; i < globals.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (globals[i].name != globals[j].name) continue;
      return base::WithField(
          base::MakeError(base::Reason::kDuplicateName,
                          absl::StrCat("variable \"", globals[i].name, "\" is given twice")),
          globals[i].name);
    }
    BPFRIG_RETURN_IF_ERROR(SetGlobal(globals[i]));
  }
  return absl::OkStatus();
}

absl::Status OpenedObject::SetGlobal(const Field& global) {
  const struct btf* btf = bpf_object__btf(get());
  const DeclaredMap* home = nullptr;
  std::vector<std::string> names;
  for (const DeclaredMap& declared : maps_) {
    if (!declared.is_data_section) continue;
    for (const Member& variable : MembersOf(Strip({btf, declared.value_type}))) {
      names.emplace_back(variable.name);
      if (variable.name == global.name) home = &declared;
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
  BPFRIG_RETURN_IF_ERROR(EncodeInto({btf, home->value_type}, FieldsOf({global}), bytes));
  int error = bpf_map__set_initial_value(home->map, bytes.data(), bytes.size());
  return error == 0 ? absl::OkStatus()
                    : base::KernelError(error, absl::StrCat("setting global ", global.name));
}

absl::Status OpenedObject::ChangeMaps(const std::vector<MapChoice>& choices) {
  for (size_t i = 0; i < choices.size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(base::WithField(ChangeMap(choices[i]), absl::StrCat("maps[", i, "]")));
  }
  return absl::OkStatus();
}

absl::Status OpenedObject::ChangeMap(const MapChoice& choice) {
  absl::StatusOr<const DeclaredMap*> declared = FindMap(choice.map);
  if (!declared.ok()) return base::WithField(declared.status(), "map");
  if (choice.max_entries != 0 && choice.shared_fd >= 0) {
    return base::WithField(InvalidChoice("a shared map has its size already"), "max_entries");
  }
  if (choice.max_entries != 0) {
    LibbpfOutput output;
    int error = bpf_map__set_max_entries((*declared)->map, choice.max_entries);
    if (error != 0) return base::WithField(base::KernelError(error, "setting the map's size"), "max_entries");
  }
  if (choice.shared_fd >= 0) {
    BPFRIG_RETURN_IF_ERROR(base::WithField(ShareMap(**declared, choice.shared_fd), "shared_with"));
  }
  return base::WithField(SetInnerMap(**declared, choice), "inner_map");
}

absl::Status OpenedObject::ShareMap(const DeclaredMap& declared, int fd) {
  BPFRIG_ASSIGN_OR_RETURN(MapInfo shared, QueryMap(fd, declared.name));
  BPFRIG_RETURN_IF_ERROR(CheckSame(declared.name, shared, declared.map));
  LibbpfOutput output;
  int error = bpf_map__reuse_fd(declared.map, fd);
  return error == 0 ? absl::OkStatus()
                    : base::KernelError(error, absl::StrCat("sharing map ", declared.name));
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
