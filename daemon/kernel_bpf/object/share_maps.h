// Which maps of an object are maps of earlier ones. ObjectLoader asks, once it knows what the object
// declares.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/object/opened_object.h"

struct bpf_map;

namespace bpfrig::kernel_bpf {

// The spec's choices, with what its `share` adds to them: for maps that no choice shares already.
[[nodiscard]] std::vector<MapChoice> WithSharedByName(const ObjectSpec& spec,
                                                      const std::vector<DeclaredMap>& maps);

// TYPE_MISMATCH unless the chosen map can stand for the declared one: compares what the verifier must know of
// a map.
[[nodiscard]] absl::Status CheckSameShape(const DeclaredMap& declared, const MapChoice& choice);

}  // namespace bpfrig::kernel_bpf
