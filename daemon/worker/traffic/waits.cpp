#include "daemon/worker/traffic/waits.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::worker {
Clock::time_point DeadlineOf(uint32_t timeout_ms, Clock::time_point start) {
  return start + std::chrono::milliseconds(timeout_ms == 0 ? rules::kDefaultTimeoutMs : timeout_ms);
}

absl::Status CheckCondition(const bpfrig::v1::ReceiveCondition& condition, size_t receive_limit) {
  if (condition.at_least() <= receive_limit) return absl::OkStatus();
  return base::WithField(
      base::MakeError(base::Reason::kLimitReached,
                      absl::StrCat("waiting for ", condition.at_least(), " bytes: a connection's end keeps ",
                                   receive_limit, " (limits.receive_buffer_bytes)")),
      "at_least");
}

bool IsMet(const bpfrig::v1::ReceiveCondition& condition, const StreamEnd& end) {
  if (end.PeerClosed() || end.IsClosed() || end.IsFull()) return true;
  if (condition.at_least() > 0) return end.Available() >= condition.at_least();
  return !condition.until_closed();
}

}  // namespace bpfrig::worker
