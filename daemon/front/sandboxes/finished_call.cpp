#include "daemon/front/sandboxes/finished_call.h"

#include "daemon/base/status.h"

namespace bpfrig::front {

absl::Status FromFinished(const internal::v1::CallFinished& finished) {
  if (finished.code() == 0) return absl::OkStatus();
  const absl::Status status(static_cast<absl::StatusCode>(finished.code()), finished.message());
  return base::WithDetail(status, {.reason = static_cast<base::Reason>(finished.detail().reason()),
                                   .errno_name = finished.detail().errno_name(),
                                   .object = finished.detail().object(),
                                   .hint = finished.detail().hint(),
                                   .field = finished.detail().field()});
}

}  // namespace bpfrig::front
