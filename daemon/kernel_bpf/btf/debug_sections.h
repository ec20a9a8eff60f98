// The sections of an object that DWARF keeps types in, as an ELF file of our own making: what libelf and
// libdw see of an upload is nothing but these bytes, bounded, and nothing is left to decompress or to
// relocate.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// Of an object that CheckBpfElf has passed. Empty if it has no DWARF: compiled without -g, or stripped.
// LIMIT_REACHED if there is more of it than anybody's objects have, UNSUPPORTED if it must be relocated with
// addends or decompressed, which no compiler for BPF asks for.
[[nodiscard]] absl::StatusOr<std::string> DebugSections(absl::string_view elf);

}  // namespace bpfrig::kernel_bpf
