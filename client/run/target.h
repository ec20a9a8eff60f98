// Where a daemon is to be found, and how to prove to it who is calling. The commands parse it from the
// command line and dial.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::client::run {

// `unix:PATH` or `HOST:PORT`, checked, as gRPC takes it.
[[nodiscard]] absl::StatusOr<std::string> ParseTarget(const std::string& text);

// Files; all empty for a unix socket.
struct Credentials {
  // Mutual TLS: who signs the daemon's certificate, and our own certificate and key.
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;
  // Holds a bearer token.
  std::string token_file;
};

// The channel; nothing is dialled before the first call.
[[nodiscard]] absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                                         const Credentials& credentials);
// The token file's first line, or empty where there is none.
[[nodiscard]] absl::StatusOr<std::string> ReadToken(const Credentials& credentials);

}  // namespace bpfrig::client::run
