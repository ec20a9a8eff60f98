#include "client/daemon/target.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/ip_address.h"
#include "common/number.h"

namespace bpfrig::client::daemon {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;
// sun_path, with its terminating zero.
constexpr size_t kMaxSocketPath = 107;

bool IsHost(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") && common::ParseIpAddress(std::string(host)).size() == 16;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

bool IsPort(absl::string_view text) {
  uint64_t port = 0;
  return common::ParseNumber(text, port) == common::NumberKind::kUnsigned && port >= 1 && port <= 65535;
}

absl::Status CheckThatTheyGoTogether(const std::string& target, const Credentials& credentials,
                                     const std::string& token) {
  if (absl::StartsWith(target, "unix:")) {
    if (!UsesTls(credentials)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "the --tls options are for a target HOST:PORT; there is no TLS on ", target, ": leave them out"));
  }
  if (token.empty() || UsesTls(credentials) || IsOnThisMachine(target) ||
      credentials.unencrypted_on_private_network) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the token would go to ", target,
                   " unencrypted, for everybody on the way to read; give --tls-ca, --tls-certificate and "
                   "--tls-key, or, on a network that nobody else uses, --unencrypted-on-private-network"));
}

}  // namespace

absl::StatusOr<std::string> ParseTarget(const std::string& text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty() || rest.size() > kMaxSocketPath) {
      return absl::InvalidArgumentError(
          absl::StrCat("target ", text, ": a path of 1 to ", kMaxSocketPath, " characters was expected"));
    }
    return text;
  }
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos && IsHost(rest.substr(0, colon)) && IsPort(rest.substr(colon + 1))) {
    return text;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("target ", text, ": unix:PATH or HOST:PORT was expected, with a port from 1 to 65535"));
}

bool IsOnThisMachine(const std::string& target) {
  if (absl::StartsWith(target, "unix:")) return true;
  const std::string host = target.substr(0, target.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  const std::string address = common::ParseIpAddress(host);
  return address.size() == 4 && address[0] == 127;
}

absl::StatusOr<Connection> MakeConnection(const std::string& target, const Credentials& credentials) {
  absl::StatusOr<std::string> checked = ParseTarget(target);
  if (!checked.ok()) return std::move(checked).status();
  absl::StatusOr<std::string> token = ReadToken(credentials);
  if (!token.ok()) return std::move(token).status();
  if (absl::Status status = CheckThatTheyGoTogether(target, credentials, *token); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials =
      MakeChannelCredentials(credentials);
  if (!channel_credentials.ok()) return std::move(channel_credentials).status();
  grpc::ChannelArguments arguments;
  if (!credentials.tls_server_name.empty()) arguments.SetSslTargetNameOverride(credentials.tls_server_name);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  // If a daemon's machine vanishes without a word, this notices within half a minute.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // The environment's HTTP proxy is not meant for this.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // `health --wait` sees a daemon that comes up within a quarter of a second; no other command dials twice.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 250);
  return Connection{grpc::CreateCustomChannel(*checked, *channel_credentials, arguments), *std::move(token)};
}

}  // namespace bpfrig::client::daemon
