#include "daemon/kernel_bpf/object/fill_slots.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/section_kind.h"

namespace bpfrig::kernel_bpf {
namespace {

struct bpf_map* FindMap(const OpenedObject& object, absl::string_view name) {
  for (const DeclaredMap& declared : object.maps()) {
    if (declared.name == name) return declared.map;
  }
  return nullptr;
}

bool IsShared(const std::vector<MapChoice>& choices, absl::string_view map) {
  return std::any_of(choices.begin(), choices.end(),
                     [&](const MapChoice& choice) { return choice.map == map && choice.shared_fd >= 0; });
}

// `what` is the program or map with that descriptor.
absl::Status Put(const OpenedObject& object, const LegacyMap& target, uint32_t slot, int fd,
                 const std::string& what) {
  const struct bpf_map* map = FindMap(object, target.name);
  if (map == nullptr) return absl::OkStatus();
  const std::string action =
      absl::StrCat("putting ", what, " into slot ", slot, " of map \"", target.name, "\", as iproute2 does");
  if (bpf_map__key_size(map) != sizeof(slot)) {
    return base::MakeError(base::Reason::kBadObject, absl::StrCat(action, ": the map's keys have ",
                                                                  bpf_map__key_size(map), " bytes, not 4"));
  }
  const int error = bpf_map_update_elem(bpf_map__fd(map), &slot, &fd, BPF_ANY);
  return error == 0 ? absl::OkStatus() : base::WithObject(base::KernelError(error, action), target.name);
}

absl::Status PutProgram(const OpenedObject& object, const std::vector<LegacyMap>& maps,
                        const struct bpf_program* program) {
  const std::string section = bpf_program__section_name(program);
  const std::optional<ArraySlot> place = ArraySlotOfSection(section);
  if (!place) return absl::OkStatus();
  for (const LegacyMap& map : maps) {
    if (map.type != BPF_MAP_TYPE_PROG_ARRAY || map.id == 0 || map.id != place->array_id) continue;
    return Put(object, map, place->slot, bpf_program__fd(program),
               absl::StrCat("program \"", bpf_program__name(program), "\" of section ", section));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FillSlots(const OpenedObject& object, const std::vector<LegacyMap>& maps,
                       const std::vector<MapChoice>& choices) {
  for (const struct bpf_program* program : object.Programs()) {
    BPFRIG_RETURN_IF_ERROR(PutProgram(object, maps, program));
  }
  for (const LegacyMap& outer : maps) {
    if (!IsMapOfMaps(outer) || outer.inner_id == 0 || IsShared(choices, outer.name)) continue;
    for (const LegacyMap& inner : maps) {
      const struct bpf_map* map = FindMap(object, inner.name);
      if (inner.id != outer.inner_id || inner.inner_id != 0 || inner.inner_index == UINT32_MAX ||
          map == nullptr)
        continue;
      BPFRIG_RETURN_IF_ERROR(
          Put(object, outer, inner.inner_index, bpf_map__fd(map), absl::StrCat("map \"", inner.name, "\"")));
    }
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_bpf
