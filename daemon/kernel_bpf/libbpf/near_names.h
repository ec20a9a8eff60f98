// Which names a mistyped one may have meant, for "unknown name" errors.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// The names as a list for a sentence, those nearest to `wanted` first, the others sorted, at most 24 of them:
// "addr, port, ... (31 in all)"; "none" where there are none.
[[nodiscard]] std::string NamesNear(absl::string_view wanted, std::vector<std::string> names);

}  // namespace bpfrig::kernel_bpf
