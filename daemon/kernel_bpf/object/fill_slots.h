// What iproute2 puts into an object's maps when it loads it. ObjectLoader does the same, once the object is
// in the kernel.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "daemon/kernel_bpf/object/legacy_map.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/object/opened_object.h"

namespace bpfrig::kernel_bpf {

// Programs of sections ID/SLOT into the program array with that id, and maps into the map of maps whose
// inner_id is their id, at their inner_idx; not into one of an earlier object, which has its maps. `maps` are
// the object's old definitions, the only ones that have ids. KERNEL_REFUSED for a slot that is not there.
[[nodiscard]] absl::Status FillSlots(const OpenedObject& object, const std::vector<LegacyMap>& maps,
                                     const std::vector<MapChoice>& choices);

}  // namespace bpfrig::kernel_bpf
