// What is in an object, as the daemon's binary tells it: libbpf belongs in a process of its own.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"

namespace bpfrig::client::daemon {

// Runs `bpfrigd describe` on the object's bytes; `executable` is the one of FindDaemon, `types` those of
// programs that the object does not tell itself. INVALID_ARGUMENT if it refuses the object, and another error
// if it cannot be asked.
[[nodiscard]] absl::StatusOr<bpfrig::v1::ObjectDescription> DescribeObject(
    const std::string& executable, absl::string_view object, const std::map<std::string, std::string>& types);

}  // namespace bpfrig::client::daemon
