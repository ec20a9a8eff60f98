// Where a daemon is, and the channel to it. The commands dial what the command line names.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/daemon/credentials.h"

namespace bpfrig::client::daemon {

// `unix:PATH` or `HOST:PORT`, checked, as gRPC takes it.
[[nodiscard]] absl::StatusOr<std::string> ParseTarget(const std::string& text);

// Whether data for this target stays on the machine: a unix socket, or a loopback address.
[[nodiscard]] bool IsOnThisMachine(const std::string& target);

// What a call needs.
struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  // Goes with every call as a bearer token; empty: none.
  std::string token;
};

// Nothing is dialled before the first call. Every error is INVALID_ARGUMENT: the target or the credentials
// are wrong, or do not go together.
[[nodiscard]] absl::StatusOr<Connection> MakeConnection(const std::string& target,
                                                        const Credentials& credentials);

}  // namespace bpfrig::client::daemon
