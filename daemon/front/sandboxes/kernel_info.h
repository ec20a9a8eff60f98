// KernelInfo: the answer to GetInfo, once the probe at start has found it; those who ask before wait.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/v1/sandbox.pb.h"

namespace bpfrig::front {

class KernelInfo {
 public:
  // Once.
  void Set(absl::StatusOr<v1::GetInfoResponse> probed);
  [[nodiscard]] absl::StatusOr<v1::GetInfoResponse> Get(absl::Time deadline);
  // Whether Get would not wait.
  [[nodiscard]] bool IsKnown();

 private:
  std::mutex mutex_;
  std::condition_variable known_;
  std::optional<absl::StatusOr<v1::GetInfoResponse>> probed_;
};

}  // namespace bpfrig::front
