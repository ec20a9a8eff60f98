// What maps of each type need to be made, and to be written by type.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"

namespace bpfrig::describe {

// What a plan has to set before the kernel makes the map, by the names that plans have for it.
[[nodiscard]] std::vector<std::string> MissingOf(const v1::MapDescription& map);

// Whether a plan writes the map's keys, and its values, by type: not so for indexes and what the kernel keeps
// a reference to.
[[nodiscard]] bool HasTypedKeys(const v1::MapDescription& map);
[[nodiscard]] bool HasTypedValues(const v1::MapDescription& map);
// Whether programs write records into it that `events` takes out.
[[nodiscard]] bool HasEvents(const v1::MapDescription& map);

// Whether the global data section is fixed once loaded.
[[nodiscard]] bool IsReadOnly(absl::string_view section);

}  // namespace bpfrig::describe
