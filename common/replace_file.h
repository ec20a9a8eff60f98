// Files that others may read or write at the same time.
#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace bpfrig::common {

// Gives the file these bytes, at once: whoever opens it finds the old ones or the new ones, whole.
[[nodiscard]] absl::Status ReplaceFile(const std::filesystem::path& path, absl::string_view bytes);

}  // namespace bpfrig::common
