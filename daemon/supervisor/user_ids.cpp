#include "daemon/supervisor/user_ids.h"

#include <sys/random.h>

#include <cerrno>
#include <limits>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/instance_directory.h"

namespace bpfrig::supervisor {

absl::Status CheckUids(const Options& options) {
  constexpr uint64_t kAllSlots = uint64_t{kernel_os::kMaxSlots} * kUidsPerSlot;
  if (!options.uid_base) return absl::OkStatus();
  // The last number stands for "none".
  if (*options.uid_base != 0 && *options.uid_base + kAllSlots < std::numeric_limits<uint32_t>::max()) {
    return absl::OkStatus();
  }
  return base::MakeError(base::Reason::kOutOfRange,
                         absl::StrCat("--uid-base ", *options.uid_base, ": leaves no room for ", kAllSlots,
                                      " user ids above root's"));
}

absl::StatusOr<uint32_t> ChooseFirstUid(const Options& options, uint32_t slot) {
  if (options.uid_base) return *options.uid_base + slot * kUidsPerSlot;
  uint32_t number = 0;
  if (TEMP_FAILURE_RETRY(::getrandom(&number, sizeof(number), 0)) != sizeof(number)) {
    return base::ErrnoError("choosing user ids");
  }
  return kFirstRandomUid + number % kRandomRanges * kUidsPerSlot;
}

}  // namespace bpfrig::supervisor
