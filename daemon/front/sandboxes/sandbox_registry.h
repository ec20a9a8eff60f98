// SandboxRegistry: every sandbox by its id, how many there may be, and for a while how those ended that are
// gone. The service looks sandboxes up here; leases make them.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/front/sandboxes/sandbox.h"

namespace bpfrig::front {

class SandboxRegistry {
 public:
  // `link` and `spares` outlive the registry, but are stopped before it is destroyed.
  SandboxRegistry(SupervisorLink& link, SpareWorkers& spares, uint32_t max_sandboxes)
      : link_(link), spares_(spares), max_sandboxes_(max_sandboxes) {}
  SandboxRegistry(const SandboxRegistry&) = delete;
  SandboxRegistry& operator=(const SandboxRegistry&) = delete;

  // A sandbox without a worker yet, under a new id; it takes over its caller's share. LIMIT_REACHED if there
  // are too many; waits if some of them are only being reaped.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Sandbox>> Create(const std::string& label, Share share,
                                                                absl::Time deadline);
  // The sandbox if it takes calls; UNKNOWN_NAME otherwise, with what became of it.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Sandbox>> Find(const std::string& id) const;
  // The same for closing: nothing if there is nothing to close.
  [[nodiscard]] std::shared_ptr<Sandbox> FindAny(const std::string& id) const;
  // Forgets a sandbox that has no worker (any more), but for how it ended.
  void Retire(const Sandbox& sandbox);

  // Ends all sandboxes because the daemon shuts down; none can be made after.
  void EndAll();

  [[nodiscard]] uint32_t max_sandboxes() const { return max_sandboxes_; }
  // How many there are that have not ended.
  [[nodiscard]] uint32_t CountOpen() const;
  // How many workers are ready for sandboxes that nobody has asked for.
  [[nodiscard]] uint32_t CountSpare() const { return spares_.Count(); }
  // How many have ended, but not their workers: Sandbox::IsStuck.
  [[nodiscard]] uint32_t CountStuck() const;

 private:
  [[nodiscard]] uint32_t CountOpenLocked() const;
  [[nodiscard]] uint32_t CountStuckLocked() const;
  // How many there are, for the error that there are too many.
  [[nodiscard]] std::string DescribeLocked() const;

  SupervisorLink& link_;
  SpareWorkers& spares_;
  const uint32_t max_sandboxes_;
  mutable std::mutex mutex_;
  std::condition_variable retired_;
  bool closed_ = false;
  std::map<std::string, std::shared_ptr<Sandbox>> sandboxes_;
  // Why they ended, by id. As statuses they would take a kilobyte each.
  std::map<std::string, std::string> past_;
  std::deque<std::map<std::string, std::string>::iterator> past_order_;  // oldest first
};

}  // namespace bpfrig::front
