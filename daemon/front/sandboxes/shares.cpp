#include "daemon/front/sandboxes/shares.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::front {

using base::MakeError;
using base::Reason;

Share::~Share() {
  if (shares_ != nullptr) shares_->GiveBack(caller_, amount_);
}

absl::StatusOr<Share> Shares::Take(const std::string& caller, uint64_t amount) {
  const std::lock_guard lock(mutex_);
  const auto found = by_caller_.find(caller);
  const uint64_t held = found == by_caller_.end() ? 0 : found->second;
  const auto in_units = [this](uint64_t count) { return (count + rule_.unit - 1) / rule_.unit; };
  if (held + amount > rule_.each) {
    return base::WithHint(
        MakeError(Reason::kLimitReached,
                  absl::StrCat(rule_.action, ": ", caller, " has ", in_units(held), " ", rule_.what,
                               ", and one caller may have ", in_units(rule_.each))),
        absl::StrCat("Let some of them end first, or start the daemon with a larger ", rule_.each_flag, "."));
  }
  if (taken_ + amount > rule_.all) {
    return base::WithHint(
        MakeError(Reason::kLimitReached, absl::StrCat(rule_.action, ": there are ", in_units(taken_), " ",
                                                      rule_.what, ", ", in_units(held), " of them of ",
                                                      caller, ", and there may be ", in_units(rule_.all))),
        absl::StrCat("Try again when others have ended, or start the daemon with a larger ", rule_.all_flag,
                     "."));
  }
  taken_ += amount;
  by_caller_[caller] = held + amount;
  return Share(*this, caller, amount);
}

uint64_t Shares::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void Shares::GiveBack(const std::string& caller, uint64_t amount) {
  const std::lock_guard lock(mutex_);
  taken_ -= amount;
  const auto found = by_caller_.find(caller);
  found->second -= amount;
  if (found->second == 0) by_caller_.erase(found);
}

}  // namespace bpfrig::front
