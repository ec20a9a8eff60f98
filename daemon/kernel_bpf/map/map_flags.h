// The flags that a map is created with, by the names of the kernel's headers.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// The bits of "BPF_F_NO_PREALLOC", or of a number. UNKNOWN_NAME for another word, naming the nearest;
// OUT_OF_RANGE for a number of more than 32 bits.
[[nodiscard]] absl::StatusOr<uint32_t> MapFlag(absl::string_view word);

// "BPF_F_NO_PREALLOC|BPF_F_RDONLY_PROG", with a number for what has no name; "none".
[[nodiscard]] std::string MapFlagWords(uint32_t flags);

}  // namespace bpfrig::kernel_bpf
