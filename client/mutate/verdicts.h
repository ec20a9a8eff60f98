// What a program's return value means to the kernel, by the program's type, and what else it may return.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::mutate {

// The value that decides the other way: drop for pass, allow for deny. Nothing if the type's values decide
// nothing.
[[nodiscard]] std::optional<int32_t> OtherVerdict(absl::string_view program_type, int32_t value);
// "XDP_PASS", "1 (allow)".
[[nodiscard]] std::string NameOfVerdict(absl::string_view program_type, int32_t value);

}  // namespace bpfrig::client::mutate
