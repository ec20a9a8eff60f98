#include "bench/bare.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
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

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

// The header is C, whose anonymous structs in anonymous unions C++ does not have.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "bpf/mesh_types.h"
#pragma GCC diagnostic pop

namespace bpfrig::bench {
namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::_Exit(1);
}

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

sockaddr_in Address(const char* text, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  Check(::inet_pton(AF_INET, text, &address.sin_addr) == 1, "reading an address");
  return address;
}

template <typename Call>
bool WithAddress(const char* text, int port, Call call) {
  const sockaddr_in address = Address(text, port);
  return call(reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

int TcpSocket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd >= 0, "making a socket");
  return fd;
}

void SetUpLoopback() {
  const int fd = TcpSocket();
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  Check(::ioctl(fd, SIOCSIFFLAGS, &request) == 0, "bringing lo up");
  int alias = 1;
  for (const char* text : {kServiceAddress, kWaypointAddress}) {
    std::snprintf(request.ifr_name, sizeof(request.ifr_name), "lo:%d", alias++);
    const sockaddr_in address = Address(text, 0);
    std::memcpy(&request.ifr_addr, &address, sizeof(address));
    Check(::ioctl(fd, SIOCSIFADDR, &request) == 0, "adding an address");
  }
  ::close(fd);
}

struct ip_addr NetworkAddress(const char* text) {
  struct ip_addr address {};
  Check(::inet_pton(AF_INET, text, &address.ip4) == 1, "reading an address");
  return address;
}

void Seed(const bpf_object* object) {
  frontend_key frontend{};
  frontend.addr = NetworkAddress(kServiceAddress);
  frontend_value upstream{};
  upstream.upstream_id = 7;
  const int frontends = ::bpf_object__find_map_fd_by_name(object, "km_frontend");
  Check(::bpf_map_update_elem(frontends, &frontend, &upstream, BPF_ANY) == 0, "seeding km_frontend");
  backend_key backend{};
  backend.backend_uid = 7;
  backend_value value{};
  value.wp_addr = NetworkAddress(kWaypointAddress);
  value.waypoint_port = htons(kWaypointPort);
  const int backends = ::bpf_object__find_map_fd_by_name(object, "km_backend");
  Check(::bpf_map_update_elem(backends, &backend, &value, BPF_ANY) == 0, "seeding km_backend");
}

int Listen() {
  const int server = TcpSocket();
  const bool bound =
      WithAddress(kWaypointAddress, kWaypointPort,
                  [&](const sockaddr* address, socklen_t size) { return ::bind(server, address, size); });
  Check(bound, "binding the server");
  Check(::listen(server, 16) == 0, "listening");
  return server;
}

void ConnectThrough(int server) {
  const int client = TcpSocket();
  const bool connected =
      WithAddress(kServiceAddress, kServicePort,
                  [&](const sockaddr* address, socklen_t size) { return ::connect(client, address, size); });
  Check(connected, "connecting to the service");
  sockaddr_in peer{};
  socklen_t size = sizeof(peer);
  Check(::getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size) == 0, "reading the peer");
  const sockaddr_in waypoint = Address(kWaypointAddress, kWaypointPort);
  Check(peer.sin_addr.s_addr == waypoint.sin_addr.s_addr && peer.sin_port == waypoint.sin_port,
        "being redirected to the waypoint");
  const int accepted = ::accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
  Check(accepted >= 0, "accepting");
  Check(::send(client, kGreeting, std::strlen(kGreeting), 0) > 0, "sending");
  char received[sizeof(kGreeting)] = {};
  Check(::recv(accepted, received, std::strlen(kGreeting), MSG_WAITALL) > 0, "receiving");
  Check(std::string_view(received) == kGreeting, "comparing what arrived");
  ::close(client);
  ::close(accepted);
}

// The part of the test that happens inside the sandbox; all but kSandbox's share of the parent and kTeardown.
Times RunInside(const std::string& path, int cgroup) {
  Times times{};
  Stopwatch watch;
  SetUpLoopback();
  times[kSandbox] = watch.Lap();
  bpf_object* object = ::bpf_object__open_file(path.c_str(), nullptr);
  Check(object != nullptr, "opening the object");
  bpf_program* connect4 = ::bpf_object__find_program_by_name(object, "cgroup_connect4_prog");
  Check(connect4 != nullptr, "finding the program");
  Check(::bpf_object__load(object) == 0, "loading the object");
  bpf_link* link = ::bpf_program__attach_cgroup(connect4, cgroup);
  Check(link != nullptr, "attaching the program");
  times[kLoad] = watch.Lap();
  Seed(object);
  times[kSeed] = watch.Lap();
  const int server = Listen();
  times[kListen] = watch.Lap();
  const int control = TcpSocket();
  const bool answered =
      WithAddress(kControlAddress, kEnablePort,
                  [&](const sockaddr* address, socklen_t size) { return ::connect(control, address, size); });
  Check(!answered, "being refused at the control address");
  ::close(control);
  times[kControl] = watch.Lap();
  ConnectThrough(server);
  times[kConnect] = watch.Lap();
  // The end of the process destroys it all, as in the rig's worker: counted in the parent's teardown.
  return times;
}

}  // namespace

BareTest::BareTest(std::string object) : object_(std::move(object)), cgroup_root_(FindCgroup2()) {}

Times BareTest::Run() {
  Stopwatch watch;
  const std::string folder = cgroup_root_ + "/bpfrig-bench-" + std::to_string(::getpid());
  Check(::mkdir(folder.c_str(), 0755) == 0, "making a cgroup");
  const int cgroup = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Check(cgroup >= 0, "opening the cgroup");
  int pipe[2];
  Check(::pipe2(pipe, O_CLOEXEC) == 0, "making a pipe");
  clone_args arguments{};
  arguments.flags = CLONE_NEWNET | CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<uint64_t>(cgroup);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
  Check(pid >= 0, "cloning");
  if (pid == 0) {
    const Times inside = RunInside(object_, cgroup);
    Check(::write(pipe[1], inside.data(), sizeof(inside)) == sizeof(inside), "reporting");
    std::_Exit(0);
  }
  const double cloned = watch.Lap();
  Times times{};
  ::close(pipe[1]);
  Check(::read(pipe[0], times.data(), sizeof(times)) == sizeof(times), "running the test inside");
  ::close(pipe[0]);
  times[kSandbox] += cloned;
  (void)watch.Lap();
  int status = 0;
  Check(::waitpid(pid, &status, 0) == pid && status == 0, "waiting for the child");
  ::close(cgroup);
  Check(::rmdir(folder.c_str()) == 0, "removing the cgroup");
  times[kTeardown] = watch.Lap();
  return times;
}

}  // namespace bpfrig::bench
