#include "daemon/kernel_bpf/object/bpf_object.h"

#include <bpf/libbpf.h>

#include <algorithm>

#include "daemon/kernel_bpf/object/object_loader.h"

namespace bpfrig::kernel_bpf {

absl::StatusOr<LoadOutcome> BpfObject::Load(const ObjectSpec& spec) { return ObjectLoader(spec).Run(); }

const Program* BpfObject::FindProgram(absl::string_view name) const {
  auto found = std::find_if(programs_.begin(), programs_.end(),
                            [&](const Program& program) { return program.name() == name; });
  return found == programs_.end() ? nullptr : &*found;
}

const Map* BpfObject::FindMap(absl::string_view name) const {
  auto found = std::find_if(maps_.begin(), maps_.end(), [&](const Map& map) { return map.name() == name; });
  return found == maps_.end() ? nullptr : &*found;
}

}  // namespace bpfrig::kernel_bpf
