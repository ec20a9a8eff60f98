#include "daemon/kernel_os/signal_process.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

// 0 or the errno. Only system calls: also in a child of a process with threads.
int Send(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0 || errno == ESRCH) return 0;
  return errno;
}

std::optional<uid_t> UserOf(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string word; status >> word;) {
    uid_t uid = 0;
    if (word == "Uid:" && status >> uid) return uid;
  }
  return std::nullopt;
}

// If the pid is another process's by now, its user may not signal the one that the descriptor means.
int SendAsItsUser(int pidfd, pid_t pid, int signal) {
  const std::optional<uid_t> uid = UserOf(pid);
  // It may be gone by now.
  if (!uid) return Send(pidfd, signal);
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    if (::syscall(SYS_setresuid, *uid, *uid, *uid) != 0) ::_exit(errno);
    ::_exit(Send(pidfd, signal));
  }
  int status = 0;
  if (TEMP_FAILURE_RETRY(::waitpid(child, &status, 0)) != child) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

}  // namespace

absl::Status SignalProcess(int pidfd, pid_t pid, int signal) {
  int error = Send(pidfd, signal);
  if (error == EPERM) error = SendAsItsUser(pidfd, pid, signal);
  if (error == 0) return absl::OkStatus();
  return base::WithHint(
      base::KernelError(-error, absl::StrCat("sending signal ", signal, " to process ", pid)),
      error == EPERM ? "a process of another user: this takes CAP_SETUID or CAP_KILL" : "");
}

}  // namespace bpfrig::kernel_os
