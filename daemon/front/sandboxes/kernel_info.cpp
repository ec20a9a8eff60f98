#include "daemon/front/sandboxes/kernel_info.h"

#include <utility>

#include "daemon/base/status.h"

namespace bpfrig::front {

void KernelInfo::Set(absl::StatusOr<v1::GetInfoResponse> probed) {
  {
    const std::lock_guard lock(mutex_);
    probed_ = std::move(probed);
  }
  known_.notify_all();
}

bool KernelInfo::IsKnown() {
  const std::lock_guard lock(mutex_);
  return probed_.has_value();
}

absl::StatusOr<v1::GetInfoResponse> KernelInfo::Get(absl::Time deadline) {
  std::unique_lock lock(mutex_);
  if (!known_.wait_until(lock, absl::ToChronoTime(deadline), [this] { return probed_.has_value(); })) {
    return base::MakeError(base::Reason::kDeadline, "probing the kernel: not finished yet");
  }
  return *probed_;
}

}  // namespace bpfrig::front
