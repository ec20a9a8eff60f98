// Programs of this machine that go into a guest.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::tests {

// In PATH, and where root's programs are. NOT_FOUND names it.
[[nodiscard]] absl::StatusOr<std::filesystem::path> FindProgram(const std::string& name);

}  // namespace bpfrig::tests
