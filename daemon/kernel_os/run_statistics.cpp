#include "daemon/kernel_os/run_statistics.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

absl::StatusOr<common::Fd> EnableRunStatistics() {
  bpf_attr attributes{};
  attributes.enable_stats.type = BPF_STATS_RUN_TIME;
  common::Fd fd(static_cast<int>(::syscall(SYS_bpf, BPF_ENABLE_STATS, &attributes, sizeof(attributes))));
  if (!fd.IsOpen()) {
    return base::WithHint(base::ErrnoError("enabling BPF run counts"),
                          "needs Linux 5.8 or newer and CAP_SYS_ADMIN");
  }
  return fd;
}

}  // namespace bpfrig::kernel_os
