// Files of the directories that a run writes to.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::run {

// UNAVAILABLE: what was done to the file or directory, and the system's words.
[[nodiscard]] absl::Status SystemError(const std::string& what, const std::error_code& error);

// Gives the file these bytes, in place of those that it had.
[[nodiscard]] absl::Status WriteFile(const std::filesystem::path& path, absl::string_view bytes);

}  // namespace bpfrig::client::run
