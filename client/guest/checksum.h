// SHA-256, in hexadecimal.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::guest {

[[nodiscard]] std::string Checksum(absl::string_view bytes);

}  // namespace bpfrig::client::guest
