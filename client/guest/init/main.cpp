// The first process of a guest. Mounts what the daemon needs, runs `bpfrig` on the job's plans, sends what it
// printed and its report over the second serial port (frames.h), and ends the machine. It is linked
// statically and allocates nothing that has to be freed: the machine goes with it.
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "client/guest/frames.h"

namespace {

using namespace bpfrig::client::guest;  // NOLINT(google-build-using-namespace): this file is a part of it.

namespace fs = std::filesystem;

constexpr int kHeartbeatMs = 1000;

const sigset_t kChildEnded = [] {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  return signals;
}();

void WriteAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // Nobody is left to tell.
    data += written;
    size -= static_cast<size_t>(written);
  }
}

// The port to the machine outside.
class Port {
 public:
  explicit Port(const char* path) : fd_(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    termios settings{};
    tcgetattr(fd_, &settings);
    cfmakeraw(&settings);
    cfsetspeed(&settings, B115200);
    tcsetattr(fd_, TCSANOW, &settings);
  }

  void Send(FrameKind kind, const std::string& payload) const {
    std::string header(1, static_cast<char>(kind));
    for (size_t i = 0; i < 4; ++i) header += static_cast<char>((payload.size() >> (8 * i)) & 0xff);
    WriteAll(fd_, header.data(), header.size());
    WriteAll(fd_, payload.data(), payload.size());
  }
  // Waits until all of it has left.
  void Drain() const { tcdrain(fd_); }

 private:
  int fd_;
};

[[noreturn]] void EndMachine(const Port& port) {
  port.Drain();
  sync();
  // QEMU is told to end instead of restarting, which takes no driver, as switching off would.
  reboot(RB_AUTOBOOT);
  _exit(1);
}

[[noreturn]] void Fail(const Port& port, const std::string& what) {
  port.Send(FrameKind::kFailed, what + ": " + std::strerror(errno));
  EndMachine(port);
}

struct Mount {
  const char* type;
  const char* path;
};
constexpr std::array<Mount, 5> kMounts = {{{"proc", "/proc"},
                                           {"sysfs", "/sys"},
                                           {"cgroup2", "/sys/fs/cgroup"},
                                           {"bpf", "/sys/fs/bpf"},
                                           {"devpts", "/dev/pts"}}};

void MountAll(const Port& port) {
  for (const Mount& mounted : kMounts) {
    mkdir(mounted.path, 0755);
    if (mount(mounted.type, mounted.path, mounted.type, 0, nullptr) != 0) {
      Fail(port, std::string("mounting ") + mounted.type);
    }
  }
  // Not a mount, which would hide plans and objects that stand below it outside, too.
  chmod("/tmp", 01777);
  // execveat of an open file, in kernels that check its path, needs it.
  if (symlink("/proc/self/fd", "/dev/fd") != 0) Fail(port, "linking /dev/fd");
}

void RaiseLo(const Port& port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) Fail(port, "raising lo");
  close(fd);
}

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The texts of a file in which each ends with a zero.
std::vector<std::string> ReadTexts(const char* path) {
  const std::string all = ReadFile(path);
  std::vector<std::string> texts;
  for (size_t start = 0; start < all.size();) {
    texts.emplace_back(all.c_str() + start);
    start += texts.back().size() + 1;
  }
  return texts;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the client; what it prints comes out of `output`.
pid_t StartClient(const Port& port, int& output) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) Fail(port, "making a pipe");
  std::vector<std::string> arguments = ReadTexts(kJobArgumentsFile);
  std::vector<std::string> environment = ReadTexts(kJobEnvironmentFile);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const std::string directory = ReadFile(kJobDirectoryFile);
  const pid_t child = fork();
  if (child < 0) Fail(port, "starting the client");
  if (child == 0) {
    setsid();
    sigprocmask(SIG_UNBLOCK, &kChildEnded, nullptr);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    if (chdir(directory.c_str()) == 0) execve(argv[0], argv.data(), envp.data());
    const std::string error = std::string("starting ") + argv[0] + ": " + std::strerror(errno) + "\n";
    WriteAll(STDERR_FILENO, error.data(), error.size());
    _exit(127);
  }
  close(ends[1]);
  output = ends[0];
  return child;
}

// The processes whose first process we are: the client, and whoever outlived its parent.
class Children {
 public:
  // SIGCHLD is blocked.
  explicit Children(pid_t client)
      : client_(client), ended_(signalfd(-1, &kChildEnded, SFD_CLOEXEC | SFD_NONBLOCK)) {}

  // Readable when one has ended.
  [[nodiscard]] int ended() const { return ended_; }
  // Takes the bodies of all that have ended.
  void Reap() {
    signalfd_siginfo information{};
    while (read(ended_, &information, sizeof(information)) > 0) {
    }
    while (Take(WNOHANG)) {
    }
  }
  // Until the client has ended: its exit status, or 128 and its signal.
  int WaitForClient() {
    while (status_ < 0 && Take(0)) {
    }
    return status_ < 0 ? 127 : status_;
  }

 private:
  bool Take(int flags) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, flags);
    if (ended == client_) status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return ended > 0 || (ended < 0 && errno == EINTR);
  }

  pid_t client_;
  int ended_;
  int status_ = -1;
};

// Passes on what the client prints until it has closed its output, with a sign of life each second.
void PassOn(const Port& port, int output, Children& children) {
  std::array<char, 16384> buffer{};
  while (true) {
    std::array<pollfd, 2> readable{{{output, POLLIN, 0}, {children.ended(), POLLIN, 0}}};
    const int ready = poll(readable.data(), readable.size(), kHeartbeatMs);
    if (ready <= 0) {
      port.Send(FrameKind::kAlive, "");
      continue;
    }
    children.Reap();
    if (readable[0].revents == 0) continue;
    const ssize_t size = read(output, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    port.Send(FrameKind::kOutput, std::string(buffer.data(), static_cast<size_t>(size)));
  }
}

// Files alone, and no link's target: what they lead to was not written there.
void SendFolder(const Port& port, size_t place, const std::string& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!fs::is_regular_file(entry->symlink_status(error))) continue;
    const std::string path = entry->path().string().substr(folder.size());
    port.Send(FrameKind::kFile,
              std::to_string(place) + path + std::string(1, '\0') + ReadFile(entry->path().c_str()));
  }
}

}  // namespace

int main() {
  mkdir("/dev", 0755);
  mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr);
  const Port port("/dev/ttyS1");
  utsname kernel{};
  uname(&kernel);
  port.Send(FrameKind::kBooted, kernel.release);
  MountAll(port);
  RaiseLo(port);
  // Debian's kernels start with 3: then perf events take CAP_SYS_ADMIN, which sandboxes lack.
  std::ofstream("/proc/sys/kernel/perf_event_paranoid") << "2";
  // Kernels before 5.11 count maps against it, and the first process starts with 64 KiB.
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  // As systemd has it; the kernel's own is 4096.
  const rlimit files{1024, 524288};
  setrlimit(RLIMIT_NOFILE, &files);
  int output = -1;
  sigprocmask(SIG_BLOCK, &kChildEnded, nullptr);
  Children children(StartClient(port, output));
  PassOn(port, output, children);
  const int status = children.WaitForClient();
  const std::vector<std::string> folders = ReadTexts(kJobFoldersFile);
  for (size_t i = 0; i < folders.size(); ++i) SendFolder(port, i, folders[i]);
  port.Send(FrameKind::kReport, ReadFile(kJobReportFile));
  port.Send(FrameKind::kExit, std::to_string(status));
  EndMachine(port);
}
