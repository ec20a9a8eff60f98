#include "daemon/kernel_bpf/object/share_maps.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/map/map_flags.h"

namespace bpfrig::kernel_bpf {
namespace {

bool MayShare(MapSharing share, const DeclaredMap& map) {
  if (map.is_internal) return false;
  return share == MapSharing::kByName || (share == MapSharing::kPinned && map.is_pinned);
}

const EarlierMap* FindEarlier(const ObjectSpec& spec, const std::string& name) {
  const auto found = std::find_if(spec.earlier_maps.begin(), spec.earlier_maps.end(), [&](const auto& map) {
    return map.name == name && (spec.share == MapSharing::kByName || map.is_pinned);
  });
  return found == spec.earlier_maps.end() ? nullptr : &*found;
}

// The kernel makes every device map one that programs cannot write, whatever is asked.
uint32_t FlagsOf(uint32_t type, uint32_t flags) {
  const bool is_device_map = type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH;
  return is_device_map ? flags | BPF_F_RDONLY_PROG : flags;
}

}  // namespace

std::vector<MapChoice> WithSharedByName(const ObjectSpec& spec, const std::vector<DeclaredMap>& maps) {
  std::vector<MapChoice> choices = spec.maps;
  for (const DeclaredMap& map : maps) {
    const EarlierMap* earlier = MayShare(spec.share, map) ? FindEarlier(spec, map.name) : nullptr;
    if (earlier == nullptr) continue;
    auto choice = std::find_if(choices.begin(), choices.end(),
                               [&](const MapChoice& written) { return written.map == map.name; });
    if (choice == choices.end()) {
      choice = choices.emplace(choices.end());
      choice->map = map.name;
    }
    if (choice->shared_fd >= 0) continue;
    choice->shared_fd = earlier->fd;
    choice->shared_with = earlier->full_name;
    choice->is_shared_by_name = true;
  }
  return choices;
}

absl::Status CheckSameShape(const DeclaredMap& declared, const MapChoice& choice) {
  BPFRIG_ASSIGN_OR_RETURN(const MapInfo shared, QueryMap(choice.shared_fd, choice.shared_with));
  const auto differs = [&](absl::string_view what, absl::string_view own, absl::string_view theirs) {
    const absl::Status status =
        base::MakeError(base::Reason::kTypeMismatch,
                        absl::StrCat("map \"", declared.name, "\" cannot be ", choice.shared_with, ": its ",
                                     what, " is ", own, ", and there it is ", theirs));
    if (!choice.is_shared_by_name) return status;
    return base::WithHint(status,
                          "`share: none` gives the object maps of its own; shared_with shares one map");
  };
  const uint32_t type = bpf_map__type(declared.map);
  if (shared.type != type) return differs("type", MapTypeName(type), MapTypeName(shared.type));
  const uint32_t key_size = bpf_map__key_size(declared.map);
  if (shared.key_size != key_size) {
    return differs("key_size", absl::StrCat(key_size), absl::StrCat(shared.key_size));
  }
  const uint32_t value_size = bpf_map__value_size(declared.map);
  if (shared.value_size != value_size) {
    return differs("value_size", absl::StrCat(value_size), absl::StrCat(shared.value_size));
  }
  const uint32_t flags = FlagsOf(type, bpf_map__map_flags(declared.map));
  if (FlagsOf(type, shared.flags) != flags) {
    return differs("flags", MapFlagWords(flags), MapFlagWords(shared.flags));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_bpf
