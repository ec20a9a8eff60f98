#include "daemon/doctor/system_calls.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "common/errno_name.h"
#include "daemon/base/status.h"

namespace bpfrig::doctor {
namespace {

struct Probe {
  const char* name;
  long number;
  std::array<long, 5> arguments;
  int capability;
  const char* since;
};

constexpr long kNoFd = -1;
// No such command, no such flags.
constexpr long kNonsense = -1;
const long kEmptyPath = reinterpret_cast<long>("");
// An argv without a name makes the kernel complain in its log.
constexpr std::array<const char*, 2> kArguments = {"", nullptr};
const long kArgv = reinterpret_cast<long>(kArguments.data());

// What the kernel itself answers: EINVAL, or EBADF for a descriptor.
const std::array<Probe, 10>& Probes() {
  static const std::array<Probe, 10> probes = {
      Probe{"bpf", SYS_bpf, {kNonsense, 0, 0}, CAP_BPF, "3.18"},
      Probe{"clone3", SYS_clone3, {0, 0}, CAP_SYS_ADMIN, "5.3"},
      Probe{"execveat", SYS_execveat, {kNoFd, kEmptyPath, kArgv, kArgv, AT_EMPTY_PATH}, -1, "3.19"},
      Probe{"memfd_create", SYS_memfd_create, {kEmptyPath, kNonsense}, -1, "3.17"},
      Probe{"pidfd_open", SYS_pidfd_open, {kNoFd, 0}, -1, "5.3"},
      Probe{"pidfd_send_signal", SYS_pidfd_send_signal, {kNoFd, 0, 0, 0}, -1, "5.1"},
      Probe{"seccomp", SYS_seccomp, {kNonsense, 0, 0}, -1, "3.17"},
      Probe{"fsopen", SYS_fsopen, {0, kNonsense}, CAP_SYS_ADMIN, "5.2"},
      Probe{"fsconfig", SYS_fsconfig, {kNoFd, FSCONFIG_CMD_CREATE, 0, 0, 0}, CAP_SYS_ADMIN, "5.2"},
      Probe{"fsmount", SYS_fsmount, {kNoFd, 0, 0}, CAP_SYS_ADMIN, "5.2"},
  };
  return probes;
}

[[noreturn]] void RunProbe(const Probe& probe) {
  // A filter that kills would leave a core file.
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  (void)::setrlimit(RLIMIT_CORE, &no_core);
  const std::array<long, 5>& a = probe.arguments;
  errno = 0;
  (void)::syscall(probe.number, a[0], a[1], a[2], a[3], a[4]);
  ::_exit(errno);
}

std::string RefusalOf(const Probe& probe) {
  const pid_t pid = ::fork();
  if (pid == 0) RunProbe(probe);
  int status = 0;
  if (pid < 0 || TEMP_FAILURE_RETRY(::waitpid(pid, &status, 0)) != pid) return common::ErrnoName(errno);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGSYS ? "SIGSYS" : "a signal";
  const int error = WEXITSTATUS(status);
  return error == EPERM || error == EACCES || error == ENOSYS ? common::ErrnoName(error) : "";
}

}  // namespace

std::vector<SystemCall> TrySystemCalls() {
  std::vector<SystemCall> calls;
  for (const Probe& probe : Probes()) {
    calls.push_back({.name = probe.name,
                     .capability = probe.capability,
                     .since = probe.since,
                     .refusal = RefusalOf(probe)});
  }
  return calls;
}

}  // namespace bpfrig::doctor
