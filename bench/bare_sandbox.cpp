#include "bench/bare_sandbox.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <mntent.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "bench/check.h"

namespace bpfrig::bench {
namespace {

std::string FindCgroup2() {
  FILE* mounts = ::setmntent("/proc/self/mounts", "r");
  Check(mounts != nullptr, "opening /proc/self/mounts");
  std::string found;
  while (const mntent* entry = ::getmntent(mounts)) {
    if (std::string_view(entry->mnt_type) == "cgroup2") found = entry->mnt_dir;
  }
  ::endmntent(mounts);
  Check(!found.empty(), "finding a cgroup2 mount");
  return found;
}

void BringLoopbackUp() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd >= 0, "making a socket");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  Check(::ioctl(fd, SIOCSIFFLAGS, &request) == 0, "bringing lo up");
  ::close(fd);
}

}  // namespace

BareSandbox::BareSandbox(const std::function<void(int, int)>& inside)
    : folder_(FindCgroup2() + "/bpfrig-bench-" + std::to_string(::getpid())) {
  Check(::mkdir(folder_.c_str(), 0755) == 0, "making a cgroup");
  cgroup_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Check(cgroup_ >= 0, "opening the cgroup");
  int pipe[2];
  Check(::pipe2(pipe, O_CLOEXEC) == 0, "making a pipe");
  clone_args arguments{};
  arguments.flags = CLONE_NEWNET | CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<uint64_t>(cgroup_);
  pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
  Check(pid_ >= 0, "cloning");
  if (pid_ == 0) {
    BringLoopbackUp();
    inside(cgroup_, pipe[1]);
    std::_Exit(0);
  }
  ::close(pipe[1]);
  results_ = pipe[0];
}

BareSandbox::~BareSandbox() { End(); }

void BareSandbox::Read(void* into, size_t size) {
  Check(::read(results_, into, size) == static_cast<ssize_t>(size), "reading what a bare program measured");
}

void BareSandbox::End() {
  if (pid_ < 0) return;
  int status = 0;
  Check(::waitpid(pid_, &status, 0) == pid_ && status == 0, "waiting for a bare program");
  pid_ = -1;
  ::close(results_);
  ::close(cgroup_);
  Check(::rmdir(folder_.c_str()) == 0, "removing the cgroup");
}

}  // namespace bpfrig::bench
