#include "daemon/kernel_os/inherited_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/open_fds.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

void SealInheritedFds() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    // open() returns the lowest free number: this one, if it is closed.
    if (::fcntl(number, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);
  }
  common::SealFdsFrom(STDERR_FILENO + 1);
}

absl::StatusOr<common::Fd> AdoptFd(int number) {
  if (::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) {
    return base::ErrnoError(absl::StrCat("taking over file descriptor ", number));
  }
  return common::Fd(number);
}

}  // namespace bpfrig::kernel_os
