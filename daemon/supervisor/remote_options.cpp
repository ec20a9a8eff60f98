#include "daemon/supervisor/remote_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/tcp_listener.h"

namespace bpfrig::supervisor {
namespace {

using base::MakeError;
using base::Reason;
using base::WithHint;

constexpr char kTwoLocks[] =
    "give --tls-certificate, --tls-key, --tls-client-ca and --tls-allowed-clients, or, on a loopback "
    "address, --token-file or BPFRIGD_TOKEN";

absl::Status CheckTlsFiles(const RemoteOptions& options) {
  std::vector<std::string> given;
  std::vector<std::string> missing;
  for (const auto& [name, file] :
       {std::pair("--tls-certificate", &options.tls_certificate), std::pair("--tls-key", &options.tls_key),
        std::pair("--tls-client-ca", &options.tls_client_ca),
        std::pair("--tls-allowed-clients", &options.tls_allowed_clients)}) {
    (file->empty() ? missing : given).emplace_back(name);
  }
  if (given.empty() || missing.empty()) return absl::OkStatus();
  return WithHint(
      MakeError(Reason::kInvalidField, absl::StrCat("mutual TLS is incomplete: ", absl::StrJoin(given, ", "),
                                                    " without ", absl::StrJoin(missing, ", "))),
      "give all four or none");
}

absl::Status CheckWithoutTcp(const RemoteOptions& options) {
  if (!options.UsesTls() && !options.UsesToken()) return absl::OkStatus();
  return WithHint(
      MakeError(Reason::kInvalidField,
                absl::StrCat(options.UsesTls()            ? "the --tls-* options are"
                             : options.token_file.empty() ? "BPFRIGD_TOKEN is"
                                                          : "--token-file is",
                             " given without --listen-tcp: on the unix socket, the file's permissions say "
                             "who may call")),
      "name the address with --listen-tcp IP:PORT, or leave the rest out");
}

absl::Status CheckWithoutTls(const RemoteOptions& options, const kernel_os::TcpAddress& address) {
  if (!options.UsesToken()) {
    return WithHint(
        MakeError(Reason::kInvalidField,
                  absl::StrCat("--listen-tcp ", options.address, " would let in everybody who can reach it")),
        options.unencrypted_on_private_network
            ? "--unencrypted-on-private-network is about a token: give one with --token-file or BPFRIGD_TOKEN"
            : kTwoLocks);
  }
  if (address.is_loopback || options.unencrypted_on_private_network) return absl::OkStatus();
  return WithHint(
      MakeError(Reason::kInvalidField,
                absl::StrCat("--listen-tcp ", options.address,
                             ": a token without TLS could be read on the way by other machines")),
      "use mutual TLS, or a loopback address; on a network that nobody else is on, such as a CI job's own, "
      "say so with --unencrypted-on-private-network");
}

}  // namespace

absl::Status CheckRemoteOptions(const RemoteOptions& options) {
  BPFRIG_RETURN_IF_ERROR(CheckTlsFiles(options));
  if (options.address.empty()) return CheckWithoutTcp(options);
  BPFRIG_ASSIGN_OR_RETURN(const kernel_os::TcpAddress address, kernel_os::ParseTcpAddress(options.address));
  if (!options.token_file.empty() && options.token.has_value()) {
    return WithHint(MakeError(Reason::kInvalidField, "both --token-file and BPFRIGD_TOKEN give a token"),
                    "leave one of them out");
  }
  return options.UsesTls() ? absl::OkStatus() : CheckWithoutTls(options, address);
}

std::string DescribeLock(const RemoteOptions& options) {
  if (!options.UsesTls()) return "a token, not encrypted";
  return options.UsesToken() ? "mutual TLS and a token" : "mutual TLS";
}

}  // namespace bpfrig::supervisor
