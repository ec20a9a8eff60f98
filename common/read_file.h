// Files of users, read whole.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::common {

// The whole of a regular file; an error if it is longer than `most` bytes.
[[nodiscard]] absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t most);

}  // namespace bpfrig::common
