#include "common/errno_status.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace bpfrig::common {

absl::Status ErrnoStatus(absl::string_view action, int error_number) {
  return absl::InternalError(absl::StrCat(action, ": ", std::strerror(error_number)));
}

}  // namespace bpfrig::common
