#include "daemon/kernel_os/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

using base::ErrnoError;
using base::WithHint;

absl::StatusOr<FileWatch> FileWatch::Open() {
  common::Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.IsOpen()) {
    return WithHint(ErrnoError("making an inotify instance"),
                    "raise the sysctl fs.inotify.max_user_instances");
  }
  return FileWatch(std::move(fd));
}

absl::Status FileWatch::Add(const std::string& folder) {
  // IN_CREATE is for links; a new file is not written yet.
  constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR;
  if (::inotify_add_watch(fd_.Get(), folder.c_str(), kEvents) >= 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("watching ", folder));
}

absl::Status FileWatch::Drain() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (true) {
    const ssize_t count = TEMP_FAILURE_RETRY(::read(fd_.Get(), events.data(), events.size()));
    if (count > 0) continue;
    return count < 0 && errno != EAGAIN ? ErrnoError("reading what happened to files") : absl::OkStatus();
  }
}

}  // namespace bpfrig::kernel_os
