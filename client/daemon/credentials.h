// How to prove to a daemon who is calling: the files of mutual TLS, and a bearer token. The commands fill
// this in from the command line and the environment; target.h dials with it.
#pragma once

#include <grpcpp/security/credentials.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::client::daemon {

// All empty for a unix socket.
struct Credentials {
  // Files. Mutual TLS: the CA that signs the daemon's certificate, and our own certificate and key.
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;
  // The name to look for in the daemon's certificate; empty: the target's host.
  std::string tls_server_name;
  // A file that holds a bearer token.
  std::string token_file;
  // The token itself, if the environment has one.
  std::optional<std::string> token;
  // The token may go to another machine without TLS.
  bool unencrypted_on_private_network = false;
};

// Whether any of the TLS options was given.
[[nodiscard]] bool UsesTls(const Credentials& credentials);
// With or without TLS. The files are read, and checked as far as their PEM headers.
[[nodiscard]] absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const Credentials& credentials);
// The token, from its file or the environment; empty if there is none.
[[nodiscard]] absl::StatusOr<std::string> ReadToken(const Credentials& credentials);

}  // namespace bpfrig::client::daemon
