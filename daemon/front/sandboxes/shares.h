// Shares: what there is only so much of, such as calls under way, and how much of it each caller has. One
// caller may have all but a reserve, so that there is something left for the next. The front has one for each
// kind; leases, relays and connections hold a Share as long as they need it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace bpfrig::front {

// The words are for refusals.
struct SharesRule {
  // "starting a call"
  std::string action;
  // "calls under way"
  std::string what;
  uint64_t all = 0;
  uint64_t each = 0;
  // The operator's flags.
  std::string all_flag;
  std::string each_flag;
  // How many of what is counted make one of what the flags count.
  uint64_t unit = 1;
};

class Shares;

// Given back when it is destroyed. Can be moved; empty after.
class Share {
 public:
  Share() = default;
  Share(Share&& other) noexcept { swap(other); }
  Share& operator=(Share&& other) noexcept {
    Share taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Share();

 private:
  friend class Shares;
  Share(Shares& shares, std::string caller, uint64_t amount)
      : shares_(&shares), caller_(std::move(caller)), amount_(amount) {}
  void swap(Share& other) {
    std::swap(shares_, other.shares_);
    caller_.swap(other.caller_);
    std::swap(amount_, other.amount_);
  }

  Shares* shares_ = nullptr;
  std::string caller_;
  uint64_t amount_ = 0;
};

class Shares {
 public:
  explicit Shares(SharesRule rule) : rule_(std::move(rule)) {}
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

  // LIMIT_REACHED if that were more than the caller may have, or than is left. The share does not outlive
  // this.
  [[nodiscard]] absl::StatusOr<Share> Take(const std::string& caller, uint64_t amount = 1);
  // How much all callers have.
  [[nodiscard]] uint64_t taken() const;

 private:
  friend class Share;
  void GiveBack(const std::string& caller, uint64_t amount);

  const SharesRule rule_;
  mutable std::mutex mutex_;
  uint64_t taken_ = 0;
  std::map<std::string, uint64_t> by_caller_;
};

}  // namespace bpfrig::front
