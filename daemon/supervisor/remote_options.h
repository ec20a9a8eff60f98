// What an operator may choose about calls over TCP, and whether that is a door with a lock. main fills it in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace bpfrig::supervisor {

struct RemoteOptions {
  // IP:PORT; empty for no TCP at all.
  std::string address;
  // Mutual TLS: PEM files, and the list of names that may call. All four or none.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string tls_allowed_clients;
  // The bearer token: in a file, or the token itself, from the environment.
  std::string token_file;
  std::optional<std::string> token;
  // Allows a token without TLS at an address that other machines can reach.
  bool unencrypted_on_private_network = false;

  [[nodiscard]] bool UsesTls() const { return !tls_certificate.empty(); }
  [[nodiscard]] bool UsesToken() const { return !token_file.empty() || token.has_value(); }
};

// Whether a daemon may start with these: refuses a door without a lock, and a lock without a door. Reads no
// file.
[[nodiscard]] absl::Status CheckRemoteOptions(const RemoteOptions& options);

// "mutual TLS and a token": how callers show who they are.
[[nodiscard]] std::string DescribeLock(const RemoteOptions& options);

}  // namespace bpfrig::supervisor
