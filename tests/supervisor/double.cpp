// Three test doubles in one binary. `supervisor_double daemon ADDRESS` runs a real supervisor whose front and
// workers are this same binary. The front says that it is ready, and gives its control channel to the test
// that connects, which then speaks with the supervisor itself. A worker obeys single bytes on its channel.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "common/fd.h"
#include "daemon/base/log.h"
#include "daemon/ipc/map_memory.h"
#include "daemon/ipc/message_socket.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/netlink.h"
#include "daemon/supervisor/supervisor.h"

namespace bpfrig {
namespace {

constexpr int kLifeline = 5;
constexpr int kMapMemory = 7;

// Waits until one of two descriptors, the lifeline among them, can be read; false if that is the lifeline.
bool WaitFor(int fd, bool obey_lifeline) {
  std::array<pollfd, 2> fds = {pollfd{.fd = fd, .events = POLLIN, .revents = 0},
                               pollfd{.fd = obey_lifeline ? kLifeline : -1, .events = POLLIN, .revents = 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0) {
  }
  return fds[1].revents == 0;
}

int RunFront() {
  ipc::MessageSocket control{common::Fd(4)};
  internal::v1::ControlRequest ready;
  ready.mutable_ready();
  if (!control.Send(ready).ok()) return 1;
  if (!WaitFor(3, true)) return 0;
  const common::Fd caller(::accept4(3, nullptr, nullptr, SOCK_CLOEXEC));
  if (!caller.IsOpen() || !ipc::SendBytes(caller.Get(), absl::StrCat(::getpid(), "\n"), control.Get()).ok()) {
    return 1;
  }
  bool obey_lifeline = true;
  char command = 0;
  while (WaitFor(caller.Get(), obey_lifeline) && ::read(caller.Get(), &command, 1) == 1) {
    // Deaf to its lifeline.
    if (command == 'd') obey_lifeline = false;
    // Exits with an error.
    if (command == 'x') return 9;
    if (::write(caller.Get(), "k", 1) != 1) return 1;
  }
  return 0;
}

std::string Report() {
  std::string report = *kernel_os::ReadSmallFile(AT_FDCWD, "/proc/self/status", "status");
  report += *kernel_os::ReadSmallFile(AT_FDCWD, "/proc/self/cgroup", "cgroup");
  absl::StrAppend(&report, "netns: ", std::filesystem::read_symlink("/proc/self/ns/net").string(), "\n");
  absl::StrAppend(&report, "sid: ", ::getsid(0), "\n");
  const std::vector<kernel_os::NetworkInterface> interfaces =
      kernel_os::Netlink::Open()->ListInterfaces().value();
  for (const kernel_os::NetworkInterface& interface : interfaces) {
    absl::StrAppend(&report, "interface: ", interface.name, interface.is_up ? " up" : " down", "\n");
  }
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::filesystem::path target = std::filesystem::read_symlink(entry.path(), error);
    // The directory that is being read has a descriptor too.
    if (!error && !absl::EndsWith(target.string(), "/fd")) {
      absl::StrAppend(&report, "fd: ", entry.path().filename().string(), " ", target.string(), "\n");
    }
  }
  rlimit files{};
  rlimit core{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_CORE, &core);
  absl::StrAppend(&report, "nofile: ", files.rlim_max, "\ncore: ", core.rlim_max, "\n");
  return report;
}

std::string AskForMapMemory(uint64_t bytes) {
  const ipc::MapMemoryRequest request{.bytes = bytes};
  ipc::MapMemoryAnswer answer;
  if (::send(kMapMemory, &request, sizeof(request), 0) != sizeof(request)) return "not asked";
  if (::recv(kMapMemory, &answer, sizeof(answer), 0) != sizeof(answer)) return "no answer";
  return absl::StrCat(answer.granted == 1 ? "granted" : "refused", ", others have ", answer.others);
}

// Waits for ever; only a signal ends it.
[[noreturn]] void Linger() {
  while (true) ::pause();
}

int RunWorker(int argc, char** argv) {
  bool obey_lifeline = true;
  char command = 0;
  while (WaitFor(3, obey_lifeline) && ::read(3, &command, 1) == 1) {
    std::string answer = "ok\n";
    if (command == 'r') answer = Report();
    if (command == 'a') {
      answer.clear();
      for (int i = 0; i < argc; ++i) absl::StrAppend(&answer, argv[i], i + 1 < argc ? " " : "\n");
    }
    if (command == 'x') return 7;
    if (command == 's') std::abort();
    if (command == 'd') obey_lifeline = false;
    // Asks for a byte of map memory; or for more than there can be.
    if (command == 'm') answer = AskForMapMemory(1);
    if (command == 'M') answer = AskForMapMemory(UINT64_MAX);
    // A child that outlives its parent, if it may.
    if (command == 'f' && ::fork() == 0) Linger();
    // The answer, and after it a zero byte.
    answer.push_back('\0');
    if (::write(3, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) return 1;
  }
  if (!obey_lifeline) Linger();
  return 0;
}

int RunDaemon(const std::string& address) {
  base::SetLogName("supervisor");
  supervisor::Options options;
  options.address = address;
  options.front_path = "/proc/self/exe";
  options.limits.max_sandboxes = 2;
  options.log_level = "debug";
  base::SetLogLevel(base::LogLevel::kDebug);
  absl::StatusOr<supervisor::Supervisor> supervisor = supervisor::Supervisor::Start(std::move(options));
  absl::Status status = supervisor.status();
  if (supervisor.ok()) status = supervisor->Run();
  if (!status.ok()) base::LogError(supervisor::Explain(status));
  return status.ok() ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::string name = argv[0];
  const std::string mode = argc > 1 ? argv[1] : "";
  if (name == "bpfrigd-front") return RunFront();
  if (mode == "worker") return RunWorker(argc, argv);
  if (mode == "daemon" && argc == 3) return RunDaemon(argv[2]);
  std::fprintf(stderr, "usage: supervisor_double daemon ADDRESS\n");
  return 2;
}

}  // namespace
}  // namespace bpfrig

int main(int argc, char** argv) { return bpfrig::Main(argc, argv); }
