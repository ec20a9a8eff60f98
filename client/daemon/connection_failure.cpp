#include "client/daemon/connection_failure.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace bpfrig::client::daemon {
namespace {

namespace fs = std::filesystem;

// A person wants to know what comes last in gRPC's sentence: "failed to connect to all addresses; last error:
// UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused".
std::string CauseOf(const std::string& message, const std::string& target) {
  constexpr absl::string_view kLastError = "last error: ";
  const size_t at = message.rfind(std::string(kLastError));
  if (at == std::string::npos) return message;
  absl::string_view cause = absl::string_view(message).substr(at + kLastError.size());
  const auto skip_word = [&] {
    const size_t end = cause.find(": ");
    if (end != absl::string_view::npos) cause.remove_prefix(end + 2);
  };
  skip_word();  // The code.
  // The address. A socket's path may have anything in it.
  if (!absl::ConsumePrefix(&cause, absl::StrCat(target, ": "))) skip_word();
  absl::ConsumePrefix(&cause, "Failed to connect to remote host: ");
  return std::string(cause);
}

std::string UserName(uid_t id) {
  const passwd* user = getpwuid(id);
  return user != nullptr ? user->pw_name : absl::StrCat(id);
}

std::string GroupName(gid_t id) {
  const group* entry = getgrgid(id);
  return entry != nullptr ? entry->gr_name : absl::StrCat(id);
}

// Who may use a socket that is closed to us. If that cannot be told, a directory above it is closed.
std::string WhoMayUse(const std::string& socket) {
  fs::path path = fs::path(socket).is_absolute() ? fs::path(socket) : fs::path(".") / socket;
  struct stat status {};
  while (stat(path.c_str(), &status) != 0) {
    if (errno != EACCES || path == path.parent_path()) return "it is closed to this user";
    path = path.parent_path();
  }
  const mode_t needed = S_ISDIR(status.st_mode) ? S_IXGRP : S_IWGRP;
  const std::string user = UserName(status.st_uid);
  if ((status.st_mode & needed) == 0) {
    return absl::StrCat(path.string(), " is for the user ", user, " alone: run bpfrig as that user");
  }
  const std::string group = GroupName(status.st_gid);
  return absl::StrCat(path.string(), " is for the user ", user, " and the group ", group,
                      ": run bpfrig as that user, or as a member of that group");
}

std::string DescribeTlsFailure(const std::string& cause, const std::string& target,
                               const Credentials& credentials) {
  if (absl::StrContains(cause, "certificate verify failed")) {
    return absl::StrCat("the daemon at ", target, " shows a certificate that is not good according to ",
                        credentials.tls_ca,
                        ": another CA signed it, or it is not valid today; check --tls-ca, and the dates of "
                        "the daemon's certificate");
  }
  if (absl::StrContains(cause, "is not in peer certificate")) {
    const std::string name = credentials.tls_server_name.empty() ? target.substr(0, target.rfind(':'))
                                                                 : credentials.tls_server_name;
    return absl::StrCat(
        "the certificate of the daemon at ", target, " is not for ", name,
        ": add that to its subject alternative names, or give --tls-server-name with a name that it has");
  }
  if (absl::StrContains(cause, "wrong version number")) {
    return absl::StrCat("what answers at ", target,
                        " does not speak TLS: check the port, and whether the daemon has TLS options at all");
  }
  if (absl::StrContains(cause, "Socket closed")) {
    // For the client, the server's answer to a bad certificate comes after the handshake, and gRPC drops it.
    return absl::StrCat(
        "the daemon at ", target, " closed the connection in the TLS handshake: it does not take ",
        credentials.tls_certificate,
        ", or is not there yet. Is the certificate signed by the daemon's --tls-client-ca, and "
        "valid today? The daemon's log says more");
  }
  return "";
}

// For the causes that mean something else than "nobody is there".
std::string DescribeCause(const std::string& cause, const std::string& target,
                          const Credentials& credentials) {
  absl::string_view socket = target;
  if (absl::ConsumePrefix(&socket, "unix:")) {
    if (!absl::StrContains(cause, "Permission denied")) return "";
    return absl::StrCat("no permission to call the daemon at ", target, ": ", WhoMayUse(std::string(socket)));
  }
  if (UsesTls(credentials)) {
    const std::string failure = DescribeTlsFailure(cause, target, credentials);
    if (!failure.empty()) return failure;
  } else if (absl::StrContains(cause, "Socket closed")) {
    return absl::StrCat(
        "what answers at ", target,
        " closed the connection at once: a daemon with TLS does that to a client without; give "
        "--tls-ca, --tls-certificate and --tls-key");
  }
  if (absl::StrContains(cause, "http1.x server")) {
    return absl::StrCat("what answers at ", target, " is a web server, not bpfrigd: check the port");
  }
  if (absl::StrContains(cause, "DNS resolution failed")) {
    return absl::StrCat("no address is known for the host of ", target, ": ",
                        cause.substr(cause.rfind(": ") + 2));
  }
  return "";
}

absl::Status Unreachable(const RpcError& error, const std::string& target, const Credentials& credentials) {
  if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::UnavailableError(
        absl::StrCat("no answer from ", target,
                     " in time; is bpfrigd running there, and can packets get there and back?"));
  }
  const std::string cause = CauseOf(error.message, target);
  if (UsesTls(credentials) && absl::StrContains(cause, "empty address list")) {
    return absl::InvalidArgumentError(
        absl::StrCat("TLS does not work with these files: is ", credentials.tls_key, " the key of ",
                     credentials.tls_certificate, ", and are they and ", credentials.tls_ca, " whole?"));
  }
  const std::string known = DescribeCause(cause, target, credentials);
  if (!known.empty()) return absl::UnavailableError(known);
  return absl::UnavailableError(
      absl::StrCat("nothing answers at ", target, ": ", cause, "; is bpfrigd running there?"));
}

// What to do, if the daemon does not say it.
std::string HintFor(const RpcError& error, const Credentials& credentials) {
  if (!error.detail.hint().empty()) return error.detail.hint();
  if (error.code == grpc::StatusCode::UNAUTHENTICATED) {
    return credentials.token_file.empty() && !credentials.token
               ? "give its token with --token-file FILE or BPFRIG_TOKEN"
               : "check that the token is the one that the daemon was started with";
  }
  if (error.code == grpc::StatusCode::PERMISSION_DENIED) {
    return "add the name to the daemon's --tls-allowed-clients file";
  }
  return "";
}

}  // namespace

absl::Status ConnectionFailure(const RpcError& error, const std::string& target,
                               const Credentials& credentials) {
  if (IsUnreachable(error)) return Unreachable(error, target, credentials);
  if (error.code == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::FailedPreconditionError(
        absl::StrCat("what answers at ", target,
                     " does not know what was asked: it is another gRPC server, or a bpfrigd of another "
                     "version than this bpfrig " BPFRIG_VERSION "; check the address and the versions"));
  }
  const std::string hint = HintFor(error, credentials);
  return absl::InternalError(
      absl::StrCat("the daemon at ", target, " refuses: ", Describe(error), hint.empty() ? "" : "; ", hint));
}

}  // namespace bpfrig::client::daemon
