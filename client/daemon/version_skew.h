// Whether this client and a daemon may work together: while the API is young, only those of one MAJOR.MINOR
// do.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::daemon {

// Empty if they do; otherwise the sentence that says why not. `daemon` names it: "the daemon at unix:/x".
[[nodiscard]] std::string DescribeVersionSkew(absl::string_view client_version, absl::string_view daemon,
                                              absl::string_view daemon_version);

}  // namespace bpfrig::client::daemon
