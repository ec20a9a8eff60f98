// Why a daemon could not be reached, or would not answer, in words that say what to check. gRPC's own words
// are for people who know its source.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/daemon/credentials.h"
#include "client/daemon/rpc_error.h"

namespace bpfrig::client::daemon {

// `error` is how the first call to `target` ended. INVALID_ARGUMENT: the credentials are unusable.
[[nodiscard]] absl::Status ConnectionFailure(const RpcError& error, const std::string& target,
                                             const Credentials& credentials);

}  // namespace bpfrig::client::daemon
