#include "daemon/kernel_os/signal_fd.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

using base::ErrnoError;

absl::StatusOr<SignalFd> SignalFd::Open() {
  // If the reader of our log or of our readiness goes away, a write fails; that must not end us.
  if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return ErrnoError("ignoring SIGPIPE");
  // Our parent may have ignored it, and then the kernel would reap our children itself.
  if (::signal(SIGCHLD, SIG_DFL) == SIG_ERR) return ErrnoError("resetting SIGCHLD");
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return ErrnoError("blocking signals");
  common::Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd.IsOpen()) return ErrnoError("opening a signalfd");
  return SignalFd(std::move(fd));
}

absl::StatusOr<int> SignalFd::Read() {
  signalfd_siginfo info{};
  if (TEMP_FAILURE_RETRY(::read(fd_.Get(), &info, sizeof(info))) != sizeof(info)) {
    return ErrnoError("reading a signalfd");
  }
  return static_cast<int>(info.ssi_signo);
}

}  // namespace bpfrig::kernel_os
