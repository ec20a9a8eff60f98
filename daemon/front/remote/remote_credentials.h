// RemoteCredentials: what callers over TCP have to show, as the supervisor said it last: the gate's rules and
// the TLS certificates. Taken on the supervisor link's thread, used on gRPC's. The front owns one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "daemon/front/remote/gate.h"

namespace bpfrig::front {

class RemoteCredentials {
 public:
  // Takes a new set, unless it is bad: then the one before stays. Says in the log which.
  void Take(const internal::v1::Credentials& credentials);
  // Waits for the first set; an error where it is bad, or does not come.
  [[nodiscard]] absl::Status AwaitFirst(absl::Time deadline);

  [[nodiscard]] const Gate& gate() const { return gate_; }
  // Whether callers come with TLS. Known, and final, with the first set.
  [[nodiscard]] bool uses_tls() const;
  // The TLS credentials if they have changed since `seen`, which is 0 at first and is brought up to date.
  [[nodiscard]] std::optional<internal::v1::TlsCredentials> TlsSince(uint64_t& seen) const;

 private:
  Gate gate_;
  mutable std::mutex mutex_;
  std::condition_variable known_;
  std::optional<absl::Status> first_;
  uint64_t generation_ = 0;  // counts the sets that were taken
  std::optional<internal::v1::TlsCredentials> tls_;
};

}  // namespace bpfrig::front
