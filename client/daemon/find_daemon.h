// Where bpfrigd's executable is, for those who start one: the private daemon and `bpfrig doctor`.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::client::daemon {

// `given`, or where that is empty `bpfrigd` beside this executable, or else in PATH. NOT_FOUND says where it
// was looked for.
[[nodiscard]] absl::StatusOr<std::string> FindDaemon(const std::string& given);

}  // namespace bpfrig::client::daemon
