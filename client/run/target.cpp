#include "client/run/target.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/plan/object_files.h"
#include "client/plan/scalars.h"

namespace bpfrig::client::run {
namespace {

constexpr int kMostMessageBytes = 64 << 20;
// sun_path, with its terminating zero.
constexpr size_t kLongestSocketPath = 107;
constexpr size_t kLongestCredential = size_t{1} << 20;

bool IsHost(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") && plan::ParseAddress(std::string(host)).size() == 16;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

absl::StatusOr<std::string> ReadCredential(const std::string& path) {
  return plan::ReadFile(path, kLongestCredential);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const Credentials& credentials) {
  const int given = (credentials.tls_ca.empty() ? 0 : 1) + (credentials.tls_certificate.empty() ? 0 : 1) +
                    (credentials.tls_key.empty() ? 0 : 1);
  if (given == 0) return grpc::InsecureChannelCredentials();
  if (given != 3) {
    return absl::InvalidArgumentError(
        "mutual TLS takes --tls-ca, --tls-certificate and --tls-key, all three of them");
  }
  absl::StatusOr<std::string> ca = ReadCredential(credentials.tls_ca);
  if (!ca.ok()) return std::move(ca).status();
  absl::StatusOr<std::string> certificate = ReadCredential(credentials.tls_certificate);
  if (!certificate.ok()) return std::move(certificate).status();
  absl::StatusOr<std::string> key = ReadCredential(credentials.tls_key);
  if (!key.ok()) return std::move(key).status();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = *ca;
  options.pem_cert_chain = *certificate;
  options.pem_private_key = *key;
  return grpc::SslCredentials(options);
}

}  // namespace

absl::StatusOr<std::string> ParseTarget(const std::string& text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty() || rest.size() > kLongestSocketPath) {
      return absl::InvalidArgumentError(
          absl::StrCat("target ", text, ": a path of 1 to ", kLongestSocketPath, " characters was expected"));
    }
    return text;
  }
  const size_t colon = text.rfind(':');
  uint64_t port = 0;
  if (colon != std::string::npos && IsHost(rest.substr(0, colon)) &&
      plan::ParseNumber(rest.substr(colon + 1), port) == plan::NumberKind::kUnsigned && port >= 1 &&
      port <= 65535) {
    return text;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("target ", text, ": unix:PATH or HOST:PORT was expected, with a port from 1 to 65535"));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           const Credentials& credentials) {
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials =
      MakeCredentials(credentials);
  if (!channel_credentials.ok()) return std::move(channel_credentials).status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostMessageBytes);
  arguments.SetMaxSendMessageSize(kMostMessageBytes);
  // A daemon's machine that vanished without a word is noticed within half a minute.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // An environment's HTTP proxy is not meant for this.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Plans run once: no waiting for a daemon that may come back.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(target, *channel_credentials, arguments);
}

absl::StatusOr<std::string> ReadToken(const Credentials& credentials) {
  if (credentials.token_file.empty()) return "";
  absl::StatusOr<std::string> text = ReadCredential(credentials.token_file);
  if (!text.ok()) return text;
  const std::string token(absl::StripAsciiWhitespace(*text));
  if (token.empty() || token.find_first_of("\r\n") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(credentials.token_file, ": one line with the token was expected"));
  }
  return token;
}

}  // namespace bpfrig::client::run
