// Where bpfrigd's executable is: for the private daemon and `bpfrig doctor`, which start it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::client::daemon {

// `given`, or if that is empty `bpfrigd` next to this executable, or else in PATH. NOT_FOUND says where it
// was looked for.
[[nodiscard]] absl::StatusOr<std::string> FindDaemon(const std::string& given);

}  // namespace bpfrig::client::daemon
