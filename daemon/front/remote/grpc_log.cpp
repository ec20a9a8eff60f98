#include "daemon/front/remote/grpc_log.h"

#include <grpc/support/log.h>

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/limited_log.h"
#include "daemon/base/log.h"

namespace bpfrig::front {
namespace {

// What OpenSSL says, and what it means for whoever reads the log.
constexpr char kBadCertificate[] =
    "its certificate is not from the clients' CA, has expired, or is not for clients";
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 9> kReasons = {{
    {"peer did not return a certificate", "it showed no certificate"},
    {"certificate verify failed", kBadCertificate},
    // From a CA that has the name of the clients' CA, and another key.
    {"asn1 encoding routines", kBadCertificate},
    {"wrong version number", "it does not speak TLS"},
    {"http request", "it does not speak TLS"},
    {"unsupported protocol", "it speaks no version of TLS that is in use"},
    {"unknown ca", "it does not trust the daemon's certificate"},
    {"alert bad certificate", "it does not accept the daemon's certificate"},
    {"alert certificate expired", "for it, the daemon's certificate has expired"},
}};

void Log(gpr_log_func_args* args) {
  const std::optional<std::string> refused = RefusedHandshake(args->message);
  if (refused.has_value()) {
    const std::string line = absl::StrCat("refused a TLS client: ", *refused);
    return base::LogLimited(base::LogLevel::kWarning, line, line);
  }
  base::LogDebug(absl::StrCat("gRPC: ", args->message));
}

}  // namespace

void RouteGrpcLog() { ::gpr_set_log_function(Log); }

std::optional<std::string> RefusedHandshake(absl::string_view message) {
  if (!absl::ConsumePrefix(&message, "Handshake failed with fatal error ")) return std::nullopt;
  for (const auto& [said, meant] : kReasons) {
    if (absl::StrContains(message, said)) return std::string(meant);
  }
  return std::string(message);
}

}  // namespace bpfrig::front
