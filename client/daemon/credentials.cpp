#include "client/daemon/credentials.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/read_file.h"

namespace bpfrig::client::daemon {
namespace {

constexpr size_t kMaxCredential = size_t{1} << 20;

absl::StatusOr<std::string> ReadCredential(const char* option, const std::string& path) {
  absl::StatusOr<std::string> text = common::ReadFile(path, kMaxCredential);
  if (!text.ok()) return absl::InvalidArgumentError(absl::StrCat(option, ": ", text.status().message()));
  return text;
}

// For a bad file, gRPC only says that there is nobody to connect to.
absl::StatusOr<std::string> ReadPem(const char* option, const std::string& path, const char* what,
                                    const char* header_end) {
  absl::StatusOr<std::string> text = ReadCredential(option, path);
  if (!text.ok()) return text;
  if (absl::StrContains(*text, "ENCRYPTED")) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": ", path,
                     " is encrypted; bpfrig asks for no passphrase, so give a file that is not encrypted"));
  }
  if (!absl::StrContains(*text, header_end)) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": ", path, " holds no ", what,
                                                   " in PEM (-----BEGIN ", absl::AsciiStrToUpper(what),
                                                   "-----)"));
  }
  return text;
}

}  // namespace

bool UsesTls(const Credentials& credentials) {
  return !credentials.tls_ca.empty() || !credentials.tls_certificate.empty() ||
         !credentials.tls_key.empty() || !credentials.tls_server_name.empty();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const Credentials& credentials) {
  if (!UsesTls(credentials)) return grpc::InsecureChannelCredentials();
  if (credentials.tls_ca.empty() || credentials.tls_certificate.empty() || credentials.tls_key.empty()) {
    return absl::InvalidArgumentError(
        "mutual TLS needs all three of --tls-ca, --tls-certificate and --tls-key");
  }
  constexpr char kCertificate[] = "-----BEGIN CERTIFICATE-----";
  absl::StatusOr<std::string> ca = ReadPem("--tls-ca", credentials.tls_ca, "certificate", kCertificate);
  if (!ca.ok()) return std::move(ca).status();
  absl::StatusOr<std::string> certificate =
      ReadPem("--tls-certificate", credentials.tls_certificate, "certificate", kCertificate);
  if (!certificate.ok()) return std::move(certificate).status();
  // "PRIVATE KEY", "EC PRIVATE KEY" or "RSA PRIVATE KEY".
  absl::StatusOr<std::string> key =
      ReadPem("--tls-key", credentials.tls_key, "private key", "PRIVATE KEY-----");
  if (!key.ok()) return std::move(key).status();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = *ca;
  options.pem_cert_chain = *certificate;
  options.pem_private_key = *key;
  return grpc::SslCredentials(options);
}

absl::StatusOr<std::string> ReadToken(const Credentials& credentials) {
  if (credentials.token_file.empty() && !credentials.token) return "";
  if (!credentials.token_file.empty() && credentials.token) {
    return absl::InvalidArgumentError(
        "the token was given twice, by --token-file (or BPFRIG_TOKEN_FILE) and by BPFRIG_TOKEN; give it "
        "once");
  }
  absl::StatusOr<std::string> text =
      credentials.token ? *credentials.token : ReadCredential("--token-file", credentials.token_file);
  if (!text.ok()) return text;
  const std::string where = credentials.token ? "BPFRIG_TOKEN" : credentials.token_file;
  const std::string token(absl::StripAsciiWhitespace(*text));
  if (token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(where, " is empty: the token was expected there",
                                                   credentials.token ? "; unset it to send no token" : ""));
  }
  const auto may_be_in_a_header = [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); };
  if (!std::all_of(token.begin(), token.end(), may_be_in_a_header)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " holds more than a token: one word of printable ASCII characters was expected"));
  }
  return token;
}

}  // namespace bpfrig::client::daemon
