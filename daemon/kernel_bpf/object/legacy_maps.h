// Objects with maps of the old kind (legacy_map.h), as libbpf 1.0 and later take them. ObjectLoader gives
// every object here before libbpf sees it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/object/legacy_map.h"

namespace bpfrig::kernel_bpf {

struct ModernObject {
  std::string elf;
  // As the object defined them.
  std::vector<LegacyMap> maps;
};

// The same object with its maps in a section .maps, declared by BTF; nothing if it has no others. Programs
// refer to a map by its symbol, which moves with it. A map has types only if BPF_ANNOTATE_KV_PAIR gives it
// some. `elf` is what OpenedObject::CheckBytes has passed. BAD_OBJECT, TYPE_MISMATCH.
[[nodiscard]] absl::StatusOr<std::optional<ModernObject>> ModerniseMaps(absl::string_view elf);

}  // namespace bpfrig::kernel_bpf
