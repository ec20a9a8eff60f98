#include "daemon/kernel_os/child_setup.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/open_fds.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/process.h"

namespace bpfrig::kernel_os {
namespace {

// Above every number that a child may ask for.
constexpr int kFirstSpareFd = 100;

[[noreturn]] void Fail(const ChildSetup& setup, SetupStep step) {
  const SetupFailure failure{.step = step, .error_number = errno};
  // If even this fails there is nobody to tell; the parent sees an early end.
  (void)!::write(setup.error_pipe, &failure, sizeof(failure));
  ::_exit(127);
}

// The supervisor blocks the signals that it reads from a descriptor; a mask is inherited through exec. So is
// an ignored signal.
bool ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) (void)::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  return ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

bool SetLimits(const ChildSetup& setup) {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return false;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  files.rlim_max = std::min<rlim_t>(files.rlim_max, setup.open_files);
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  // Before 5.11 BPF maps count as locked memory. Raising the limit takes CAP_SYS_RESOURCE; without that, such
  // a kernel answers the first map with EPERM.
  const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  (void)::setrlimit(RLIMIT_MEMLOCK, &unlimited);
  return true;
}

// Everybody may raise it; a /proc that cannot be written is no reason not to start.
void SetOomScore(const ChildSetup& setup) {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!::write(file, setup.oom_score, std::strlen(setup.oom_score));
  (void)::close(file);
}

bool SetCapabilities(uint64_t permitted, uint64_t effective, uint64_t inheritable) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (size_t i = 0; i < data.size(); ++i) {
    data[i].permitted = static_cast<uint32_t>(permitted >> (32 * i));
    data[i].effective = static_cast<uint32_t>(effective >> (32 * i));
    data[i].inheritable = static_cast<uint32_t>(inheritable >> (32 * i));
  }
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

// The inheritable set may not grow past the bounding set, so it comes first.
bool SetInheritable(uint64_t inheritable) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  const auto join = [](uint32_t low, uint32_t high) { return (uint64_t{high} << 32) | low; };
  return SetCapabilities(join(data[0].permitted, data[1].permitted),
                         join(data[0].effective, data[1].effective), inheritable);
}

// Down to what the process keeps. Without CAP_SETPCAP the set stays: with no_new_privs no exec can use it.
bool DropBoundingSet(const ChildSetup& setup) {
  if (!setup.can_drop_bounding_set) return true;
  for (int capability = 0; capability <= setup.last_capability; ++capability) {
    if ((setup.capabilities >> capability & 1) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
  }
  return true;
}

bool RaiseAmbient(const ChildSetup& setup) {
  for (int capability = 0; capability <= setup.last_capability; ++capability) {
    if ((setup.capabilities >> capability & 1) == 0) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return false;
  }
  return true;
}

// Moves the descriptors out of the way of all numbers that will be used, then each to its number. Exec closes
// all but the placed ones. `setup` gets the new numbers of its own two.
void PlaceFds(ChildSetup& setup) {
  std::array<int, kMaxPassedFds> spare{};
  for (size_t i = 0; i < setup.fd_count; ++i) {
    spare[i] = ::fcntl(setup.fds[i].fd, F_DUPFD_CLOEXEC, kFirstSpareFd);
    if (spare[i] < 0) Fail(setup, SetupStep::kMoveFds);
  }
  const int pipe = ::fcntl(setup.error_pipe, F_DUPFD_CLOEXEC, kFirstSpareFd);
  if (pipe < 0) Fail(setup, SetupStep::kMoveFds);
  setup.error_pipe = pipe;
  setup.executable = ::fcntl(setup.executable, F_DUPFD_CLOEXEC, kFirstSpareFd);
  if (setup.executable < 0) Fail(setup, SetupStep::kMoveFds);
  // A second safeguard: all of our descriptors are CLOEXEC from birth.
  common::SealFdsFrom(STDERR_FILENO + 1);
  for (size_t i = 0; i < setup.fd_count; ++i) {
    if (::dup2(spare[i], setup.fds[i].number) < 0) Fail(setup, SetupStep::kPlaceFds);
  }
}

const char* DescribeStep(SetupStep step) {
  switch (step) {
    case SetupStep::kSignals:
      return "resetting its signals";
    case SetupStep::kSession:
      return "starting its own session";
    case SetupStep::kMoveFds:
    case SetupStep::kPlaceFds:
      return "placing its file descriptors";
    case SetupStep::kLimits:
      return "setting its resource limits";
    case SetupStep::kInheritable:
      return "setting its inheritable capabilities";
    case SetupStep::kBoundingSet:
      return "reducing its capability bounding set";
    case SetupStep::kGroups:
      return "dropping its supplementary groups";
    case SetupStep::kGid:
      return "setting its group id";
    case SetupStep::kKeepCapabilities:
      return "keeping its capabilities across the change of user";
    case SetupStep::kUid:
      return "setting its user id";
    case SetupStep::kCapabilities:
      return "setting its capabilities";
    case SetupStep::kAmbient:
      return "raising its ambient capabilities";
    case SetupStep::kNoNewPrivileges:
      return "setting no_new_privs";
    case SetupStep::kExec:
      return "executing its file";
  }
  return "setting it up";
}

const char* HintFor(const SetupFailure& failure) {
  switch (failure.step) {
    case SetupStep::kGroups:
    case SetupStep::kGid:
      return failure.error_number == EPERM ? "needs CAP_SETGID"
                                           : "choose ids that exist here with --uid-base";
    case SetupStep::kUid:
      return failure.error_number == EPERM ? "needs CAP_SETUID"
                                           : "choose ids that exist here with --uid-base";
    case SetupStep::kMoveFds:
    case SetupStep::kPlaceFds:
      return "the limit of open files is too low, and 1024 is enough: ulimit -n, or LimitNOFILE= of a unit";
    case SetupStep::kExec:
      // Seen with TOMOYO on 5.10, which asks for the path of what is executed.
      if (failure.error_number == ENOENT) {
        return "this kernel looks the open file up by its path: /dev/fd must be a link to /proc/self/fd";
      }
      return failure.error_number == EACCES ? "the file must be readable and executable for everybody" : "";
    default:
      return "";
  }
}

}  // namespace

void RunChild(const ChildSetup& original) {
  ChildSetup setup = original;
  // The child gets its own session: a ^C on the supervisor's terminal is for the supervisor.
  if (::setsid() < 0) Fail(setup, SetupStep::kSession);
  PlaceFds(setup);
  if (!SetLimits(setup)) Fail(setup, SetupStep::kLimits);
  SetOomScore(setup);
  if (!SetInheritable(setup.capabilities)) Fail(setup, SetupStep::kInheritable);
  if (!DropBoundingSet(setup)) Fail(setup, SetupStep::kBoundingSet);
  // Plain system calls: libc's functions would signal threads that this copy does not have.
  if (::syscall(SYS_setgroups, 0, nullptr) != 0) Fail(setup, SetupStep::kGroups);
  if (::syscall(SYS_setresgid, setup.gid, setup.gid, setup.gid) != 0) Fail(setup, SetupStep::kGid);
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) Fail(setup, SetupStep::kKeepCapabilities);
  if (::syscall(SYS_setresuid, setup.uid, setup.uid, setup.uid) != 0) Fail(setup, SetupStep::kUid);
  if (!SetCapabilities(setup.capabilities, setup.capabilities, setup.capabilities)) {
    Fail(setup, SetupStep::kCapabilities);
  }
  if (!RaiseAmbient(setup)) Fail(setup, SetupStep::kAmbient);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Fail(setup, SetupStep::kNoNewPrivileges);
  if (!ResetSignals()) Fail(setup, SetupStep::kSignals);
  ::syscall(SYS_execveat, setup.executable, "", setup.arguments, setup.environment, AT_EMPTY_PATH);
  Fail(setup, SetupStep::kExec);
}

absl::Status DescribeFailure(const SetupFailure& failure, const ChildSetup& setup) {
  std::string action = absl::StrCat("starting ", setup.arguments[0], ": ", DescribeStep(failure.step));
  if (failure.step == SetupStep::kUid) absl::StrAppend(&action, " ", setup.uid);
  if (failure.step == SetupStep::kGid) absl::StrAppend(&action, " ", setup.gid);
  return base::WithHint(base::KernelError(-failure.error_number, action), HintFor(failure));
}

}  // namespace bpfrig::kernel_os
