#include "daemon/kernel_os/limits.h"

#include <sys/resource.h>

#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

absl::Status RaiseOpenFilesLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return base::ErrnoError("reading the limit of open files");
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return base::ErrnoError("raising the limit of open files");
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_os
