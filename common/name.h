// The names that a caller chooses, of objects, links, servers, connections and other sockets.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

inline constexpr size_t kMaxNameLength = 64;

// Whether `text` is 1 to kMaxNameLength letters, digits, '_', '.' and '-'.
[[nodiscard]] bool IsName(absl::string_view text);

// For a message: "a name of 1 to 64 letters, digits, '_', '.' and '-'".
[[nodiscard]] std::string NameRule();

}  // namespace bpfrig::common
