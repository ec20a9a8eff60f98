#include "daemon/describe/confine.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/seccomp/filter.h"
#include "daemon/seccomp/refusals.h"

namespace bpfrig::describe {
namespace {

// The kernel's overflow id, called nobody. Others may run as it too: the filter keeps the reader from them.
constexpr uid_t kNobody = 65534;

// Root without capabilities still owns files. In a user namespace there may be no other user (EINVAL), and a
// container may have no right to become one (EPERM): the rest has to do then.
absl::Status LeaveRoot() {
  if (::geteuid() != 0) return absl::OkStatus();
  const auto is_refused = [](int result) { return result != 0 && errno != EINVAL && errno != EPERM; };
  if (is_refused(::setgroups(0, nullptr)) || is_refused(::setresgid(kNobody, kNobody, kNobody)) ||
      is_refused(::setresuid(kNobody, kNobody, kNobody))) {
    return base::ErrnoError("becoming another user");
  }
  return absl::OkStatus();
}

absl::Status DropCapabilities() {
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return base::ErrnoError("dropping all capabilities");
  return absl::OkStatus();
}

absl::Status Limit(int resource, uint64_t soft, uint64_t hard) {
  const rlimit limit{.rlim_cur = soft, .rlim_max = hard};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0) return absl::OkStatus();
  return base::ErrnoError(absl::StrCat("setting limit ", resource));
}

// What the process already may not go beyond stays.
absl::Status LimitAtMost(int resource, uint64_t soft, uint64_t hard) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) {
    return base::ErrnoError(absl::StrCat("reading limit ", resource));
  }
  return Limit(resource, std::min<uint64_t>(soft, now.rlim_max), std::min<uint64_t>(hard, now.rlim_max));
}

absl::Status SetLimits() {
  BPFRIG_RETURN_IF_ERROR(LimitAtMost(RLIMIT_CPU, kReaderSeconds, kReaderSeconds + 1));
#ifndef BPFRIG_SANITIZED
  // The address sanitizer maps terabytes.
  BPFRIG_RETURN_IF_ERROR(LimitAtMost(RLIMIT_AS, kReaderBytes, kReaderBytes));
#endif
  for (const int resource : {int{RLIMIT_CORE}, int{RLIMIT_FSIZE}, int{RLIMIT_NPROC}, int{RLIMIT_NOFILE}}) {
    BPFRIG_RETURN_IF_ERROR(Limit(resource, 0, 0));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Confine() {
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd filter, seccomp::MakeFilterOfAllowed(seccomp::AllowedToReaders()));
  (void)::unshare(CLONE_NEWNET);
  BPFRIG_RETURN_IF_ERROR(LeaveRoot());
  BPFRIG_RETURN_IF_ERROR(DropCapabilities());
  BPFRIG_RETURN_IF_ERROR(SetLimits());
  return seccomp::InstallFilter(filter);
}

}  // namespace bpfrig::describe
