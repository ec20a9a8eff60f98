#include "daemon/front/remote/gate.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

constexpr char kScheme[] = "Bearer ";
constexpr size_t kMaxNamesBytes = 300;

// As it may stand in a log: whoever made the certificate chose its names.
std::string Quote(const std::vector<std::string>& names) {
  std::string text = absl::StrJoin(names, ", ", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, "\"", absl::CHexEscape(name), "\"");
  });
  if (text.size() > kMaxNamesBytes) text = absl::StrCat(text.substr(0, kMaxNamesBytes), "...");
  return text;
}

}  // namespace

Gate::Digest Gate::DigestOf(absl::string_view text) {
  Digest digest;
  static_assert(sizeof(digest) == SHA256_DIGEST_LENGTH);
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

void Gate::SetRules(const GateRules& rules) {
  auto made = std::make_shared<Rules>();
  made->allowed_clients = rules.allowed_clients;
  if (!rules.token.empty()) made->token = DigestOf(rules.token);
  const std::lock_guard lock(mutex_);
  rules_ = std::move(made);
}

std::shared_ptr<const Gate::Rules> Gate::Current() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

std::string Gate::NameOf(const Caller& caller) const {
  const std::shared_ptr<const Rules> rules = Current();
  for (const std::string& name : caller.names) {
    if (rules->allowed_clients.has_value() && rules->allowed_clients->count(name) != 0) return name;
  }
  // It was taken off the list since.
  return caller.names.empty() ? "" : caller.names.front();
}

absl::Status Gate::Admit(const Caller& caller) const {
  const std::shared_ptr<const Rules> rules = Current();
  if (!rules->allowed_clients.has_value() && !rules->token.has_value()) {
    return absl::UnauthenticatedError("this daemon lets nobody in over TCP");
  }
  BPFRIG_RETURN_IF_ERROR(CheckName(*rules, caller));
  return CheckToken(*rules, caller);
}

absl::Status Gate::CheckName(const Rules& rules, const Caller& caller) {
  if (!rules.allowed_clients.has_value()) return absl::OkStatus();
  for (const std::string& name : caller.names) {
    if (rules.allowed_clients->count(name) != 0) return absl::OkStatus();
  }
  if (caller.names.empty()) {
    return absl::PermissionDeniedError(
        "the client certificate has no name that the list of allowed clients could have");
  }
  return absl::PermissionDeniedError(absl::StrCat("the client certificate is for ", Quote(caller.names),
                                                  ": not on the daemon's list of allowed clients"));
}

absl::Status Gate::CheckToken(const Rules& rules, const Caller& caller) {
  if (!rules.token.has_value()) return absl::OkStatus();
  if (caller.authorizations.empty()) {
    return absl::UnauthenticatedError("no token: this daemon asks every caller for a bearer token");
  }
  const std::string& value = caller.authorizations.front();
  // Two headers are one too many: which of them counts must not be a question.
  if (caller.authorizations.size() == 1 && absl::StartsWithIgnoreCase(value, kScheme)) {
    const Digest shown = DigestOf(absl::string_view(value).substr(sizeof(kScheme) - 1));
    if (::CRYPTO_memcmp(shown.data(), rules.token->data(), shown.size()) == 0) return absl::OkStatus();
  }
  return absl::UnauthenticatedError("wrong token: the bearer token is not this daemon's");
}

}  // namespace bpfrig::front
