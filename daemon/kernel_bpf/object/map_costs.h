// What the maps of an object will cost, once all that a spec says of them is done. ObjectLoader asks before
// it makes the first.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "daemon/kernel_bpf/map/map_memory.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/object/opened_object.h"

namespace bpfrig::kernel_bpf {

// `maps` are as the object declares them. The templates of inner maps count too: they are there for as long
// as the loading takes.
[[nodiscard]] std::vector<MapCost> CostsOfMaps(const std::vector<DeclaredMap>& maps,
                                               const std::vector<MapChoice>& choices, uint32_t possible_cpus);

// LIMIT_REACHED if one of them has more entries than the kernel can free.
[[nodiscard]] absl::Status CheckEntries(const std::vector<DeclaredMap>& maps,
                                        const std::vector<MapChoice>& choices);

}  // namespace bpfrig::kernel_bpf
