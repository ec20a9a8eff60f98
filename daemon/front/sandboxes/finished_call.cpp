#include "daemon/front/sandboxes/finished_call.h"

#include "daemon/base/status.h"
#include "daemon/ipc/error_detail.h"

namespace bpfrig::front {

absl::Status FromFinished(const internal::v1::CallFinished& finished) {
  if (finished.code() == 0) return absl::OkStatus();
  const absl::Status status(static_cast<absl::StatusCode>(finished.code()), finished.message());
  return base::WithDetail(status, ipc::FromProto(finished.detail()));
}

}  // namespace bpfrig::front
