// Texts of users and of the kernel, for a message that quotes them.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

// The text; if it is longer than a line bears, its first 60 bytes and "...".
[[nodiscard]] std::string Shorten(absl::string_view text);

}  // namespace bpfrig::common
