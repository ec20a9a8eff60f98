#include "daemon/doctor/facts.h"

#include "daemon/base/status.h"

namespace bpfrig::doctor {

Attempt Tried(const absl::Status& status) {
  Attempt attempt{.tried = true, .error = {}, .message = {}, .hint = {}};
  if (status.ok()) return attempt;
  const base::ErrorDetail detail = base::DetailOf(status);
  attempt.error = detail.errno_name;
  attempt.message = std::string(status.message());
  attempt.hint = detail.hint;
  return attempt;
}

}  // namespace bpfrig::doctor
