// What a map may be called.
#pragma once

#include <algorithm>
#include <cctype>

#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// Libbpf joins a map's name into its pin path unchecked, so a map may be called ../other/x.
[[nodiscard]] inline bool IsMapName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.';
  });
}

}  // namespace bpfrig::kernel_bpf
