#include "daemon/front/remote/remote_credentials.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/front/remote/tls_check.h"

namespace bpfrig::front {
namespace {

GateRules RulesOf(const internal::v1::Credentials& credentials) {
  GateRules rules;
  if (credentials.has_tls()) {
    rules.allowed_clients.emplace(credentials.tls().allowed_clients().begin(),
                                  credentials.tls().allowed_clients().end());
  }
  rules.token = credentials.token();
  return rules;
}

}  // namespace

void RemoteCredentials::Take(const internal::v1::Credentials& credentials) {
  const absl::Status status =
      credentials.has_tls() ? CheckTls(credentials.tls(), absl::Now()) : absl::OkStatus();
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = !first_.has_value();
    if (is_first) first_ = status;
    if (status.ok()) {
      ++generation_;
      tls_ = credentials.has_tls() ? std::optional(credentials.tls()) : std::nullopt;
      gate_.SetRules(RulesOf(credentials));
    }
  }
  known_.notify_all();
  if (is_first) return;  // whoever waits for it says so
  if (status.ok()) {
    base::LogInfo(
        "took new credentials: they hold from the next connection on, the names and the token from "
        "the next call on");
  } else {
    const std::string hint = base::DetailOf(status).hint;
    base::LogWarning(absl::StrCat("keeping the credentials as they were: ", status.message(),
                                  hint.empty() ? "" : " (", hint, hint.empty() ? "" : ")"));
  }
}

absl::Status RemoteCredentials::AwaitFirst(absl::Time deadline) {
  std::unique_lock lock(mutex_);
  if (known_.wait_until(lock, absl::ToChronoTime(deadline), [this] { return first_.has_value(); })) {
    return *first_;
  }
  return base::MakeError(base::Reason::kInternal, "the supervisor did not send its credentials");
}

bool RemoteCredentials::uses_tls() const {
  const std::lock_guard lock(mutex_);
  return tls_.has_value();
}

std::optional<internal::v1::TlsCredentials> RemoteCredentials::TlsSince(uint64_t& seen) const {
  const std::lock_guard lock(mutex_);
  if (seen == generation_) return std::nullopt;
  seen = generation_;
  return tls_;
}

}  // namespace bpfrig::front
