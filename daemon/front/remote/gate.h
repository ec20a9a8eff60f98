// Gate: who may call over TCP: the names of client certificates that are allowed, and the bearer token. One
// for the whole front; every call of a guarded listener is shown to it before any of it is read
// (guarded_credentials.h). The unix socket has no gate: its file's permissions decide.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace bpfrig::front {

// What a call says about its caller.
struct Caller {
  // Common name, DNS names and URIs of the certificate.
  std::vector<std::string> names;
  // The values of its `authorization` headers.
  std::vector<std::string> authorizations;
};

struct GateRules {
  // Not there if callers need no certificate.
  std::optional<std::set<std::string>> allowed_clients;
  // Empty if they need no token.
  std::string token;
};

class Gate {
 public:
  // Holds for calls that begin after. Before the first rules, and if they ask for nothing, nobody may
  // pass.
  void SetRules(const GateRules& rules);

  // PERMISSION_DENIED or UNAUTHENTICATED with a sentence that is for the caller and for the log.
  [[nodiscard]] absl::Status Admit(const Caller& caller) const;
  // The name by which an admitted caller is known: the first that is listed. Empty if callers show none.
  [[nodiscard]] std::string NameOf(const Caller& caller) const;

 private:
  using Digest = std::array<unsigned char, 32>;

  struct Rules {
    std::optional<std::set<std::string>> allowed_clients;
    // Digests have one length: comparing them says nothing about the token's.
    std::optional<Digest> token;
  };

  [[nodiscard]] std::shared_ptr<const Rules> Current() const;
  static Digest DigestOf(absl::string_view text);
  static absl::Status CheckName(const Rules& rules, const Caller& caller);
  static absl::Status CheckToken(const Rules& rules, const Caller& caller);

  mutable std::mutex mutex_;
  std::shared_ptr<const Rules> rules_ = std::make_shared<Rules>();
};

}  // namespace bpfrig::front
