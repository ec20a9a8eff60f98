#include "daemon/kernel_os/process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/capabilities.h"
#include "daemon/kernel_os/child_setup.h"
#include "daemon/kernel_os/limits.h"
#include "daemon/kernel_os/signal_process.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using base::WithHint;

// From clone to exec takes a millisecond; a process that takes longer hangs on the disk of its file.
constexpr absl::Duration kSetupPatience = absl::Seconds(10);

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Whether `fd` became readable before the deadline.
absl::StatusOr<bool> WaitReadable(int fd, absl::Time deadline) {
  while (true) {
    const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(24));
    pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&poll_fd, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return true;
    if (ready == 0 && absl::Now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return ErrnoError("polling a child process");
  }
}

absl::Status CloneError(const std::string& name) {
  const int error_number = errno;
  const absl::Status status = ErrnoError(absl::StrCat("starting ", name, ": clone3"));
  switch (error_number) {
    case EPERM:
      return WithHint(status, "a network namespace takes CAP_SYS_ADMIN");
    case ENOSYS:
      return WithHint(status, "needs Linux 5.7 or newer, and a seccomp profile that allows clone3");
    case EINVAL:
    case E2BIG:
      return WithHint(status, "being born in a cgroup (CLONE_INTO_CGROUP) needs Linux 5.7 or newer");
    default:
      return status;
  }
}

// Clones; the child never returns. A copy of the address space, as fork makes it: the child has its own
// stack.
absl::StatusOr<std::pair<pid_t, common::Fd>> Clone(const ProcessSpec& spec, const ChildSetup& setup) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD | CLONE_INTO_CGROUP | (spec.new_netns ? CLONE_NEWNET : 0);
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<uint64_t>(spec.cgroup);
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid == 0) RunChild(setup);
  if (pid < 0) return CloneError(spec.arguments[0]);
  return std::make_pair(static_cast<pid_t>(pid), common::Fd(pidfd));  // the kernel makes it CLOEXEC
}

// Reads what the child says about its set-up: nothing, when exec closes its end of the pipe.
absl::Status ReadOutcome(int pipe, const ChildSetup& setup) {
  BPFRIG_ASSIGN_OR_RETURN(const bool ready, WaitReadable(pipe, absl::Now() + kSetupPatience));
  if (!ready) {
    return MakeError(Reason::kDeadline, absl::StrCat("starting ", setup.arguments[0],
                                                     ": its file does not start "
                                                     "to run"));
  }
  SetupFailure failure{};
  const ssize_t count = TEMP_FAILURE_RETRY(::read(pipe, &failure, sizeof(failure)));
  if (count == 0) return absl::OkStatus();
  if (count != sizeof(failure)) return ErrnoError(absl::StrCat("starting ", setup.arguments[0]));
  return DescribeFailure(failure, setup);
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const ProcessSpec& spec) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError("making a pipe");
  const common::Fd read_end(ends[0]);
  common::Fd write_end(ends[1]);

  BPFRIG_ASSIGN_OR_RETURN(const CapabilitySet own, CapabilitySet::OfThisProcess());
  if (spec.uid == kNoId || spec.gid == kNoId)
    return MakeError(Reason::kInternal, "starting a process without a user");
  if (spec.fds.size() > kMaxPassedFds) return MakeError(Reason::kInternal, "passing too many descriptors");
  std::vector<char*> arguments = Pointers(spec.arguments);
  std::vector<char*> environment = Pointers(spec.environment);
  ChildSetup setup{.executable = spec.executable,
                   .error_pipe = write_end.Get(),
                   .arguments = arguments.data(),
                   .environment = environment.data(),
                   .fds = spec.fds.data(),
                   .fd_count = spec.fds.size(),
                   .uid = spec.uid,
                   .gid = spec.gid,
                   .last_capability = LastCapability(),
                   .can_drop_bounding_set = own.Has(CAP_SETPCAP),
                   .open_files = spec.open_files};
  const std::string oom_score = absl::StrCat(std::min(OwnOomScore() + spec.oom_score_above_ours, 1000));
  setup.oom_score = oom_score.c_str();
  for (const int capability : spec.capabilities) setup.capabilities |= uint64_t{1} << capability;

  BPFRIG_ASSIGN_OR_RETURN(auto cloned, Clone(spec, setup));
  ChildProcess child(cloned.first, std::move(cloned.second));
  write_end.Close();
  const absl::Status outcome = ReadOutcome(read_end.Get(), setup);
  if (outcome.ok()) return child;
  // It ends by itself, unless its file hangs: then the owner of its cgroup kills it.
  if (!absl::IsDeadlineExceeded(outcome)) (void)child.Reap(absl::Now() + kSetupPatience);
  return outcome;
}

ChildProcess::~ChildProcess() {
  if (!IsRunning()) return;
  // If it cannot be signalled, it may have ended anyway.
  absl::Status status = Signal(SIGKILL);
  const absl::Duration patience = status.ok() ? kSetupPatience : absl::ZeroDuration();
  status.Update(Reap(absl::Now() + patience).status());
  if (!status.ok()) base::LogError(status.message());
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  return *this;
}

absl::Status ChildProcess::Signal(int signal) const {
  if (!IsRunning()) return absl::OkStatus();
  return SignalProcess(pidfd_.Get(), pid_, signal);
}

absl::StatusOr<ProcessEnd> ChildProcess::Reap(absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(const bool ended, WaitReadable(pidfd_.Get(), deadline));
  if (!ended) return MakeError(Reason::kDeadline, absl::StrCat("waiting for process ", pid_, " to end"));
  siginfo_t info{};
  if (TEMP_FAILURE_RETRY(::waitid(P_PIDFD, static_cast<id_t>(pidfd_.Get()), &info, WEXITED)) != 0) {
    return ErrnoError(absl::StrCat("waiting for process ", pid_));
  }
  pidfd_.Close();
  if (info.si_code == CLD_EXITED) return ProcessEnd{.signal = 0, .status = info.si_status};
  return ProcessEnd{.signal = info.si_status, .status = 0};
}

std::string DescribeEnd(const ProcessEnd& end) {
  if (end.signal == 0) return absl::StrCat("status ", end.status);
  return absl::StrCat("signal ", end.signal, " (", ::strsignal(end.signal), ")");
}

}  // namespace bpfrig::kernel_os
