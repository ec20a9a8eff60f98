// DWARF as BTF: all types of an object's DWARF, so that one codec serves both. Compilers leave types out of
// BTF that only a function's body uses, and DWARF keeps them.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/btf_types.h"

namespace bpfrig::kernel_bpf {

// Of the bytes that DebugSections gives. What BTF has no word for is missing, never laid out otherwise.
// BAD_OBJECT for DWARF that contradicts itself, LIMIT_REACHED for more than anybody's has.
[[nodiscard]] absl::StatusOr<BtfTypes> DwarfToBtf(absl::string_view sections);

}  // namespace bpfrig::kernel_bpf
