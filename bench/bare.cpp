#include "bench/bare.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "bench/bare_sandbox.h"

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

void AddAddresses() {
  const int fd = TcpSocket();
  ifreq request{};
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

// Opens and loads the object, and attaches its program.
bpf_object* Load(const std::string& path, int cgroup) {
  bpf_object* object = ::bpf_object__open_file(path.c_str(), nullptr);
  Check(object != nullptr, "opening the object");
  bpf_program* connect4 = ::bpf_object__find_program_by_name(object, "cgroup_connect4_prog");
  Check(connect4 != nullptr, "finding the program");
  Check(::bpf_object__load(object) == 0, "loading the object");
  Check(::bpf_program__attach_cgroup(connect4, cgroup) != nullptr, "attaching the program");
  return object;
}

void EnableNamespace() {
  const int control = TcpSocket();
  const bool answered =
      WithAddress(kControlAddress, kEnablePort,
                  [&](const sockaddr* address, socklen_t size) { return ::connect(control, address, size); });
  Check(!answered, "being refused at the control address");
  ::close(control);
}

// The part of the test that happens inside the sandbox; all but kSandbox's share of the parent and kTeardown.
Times RunInside(const std::string& path, int cgroup) {
  Times times{};
  Stopwatch watch;
  AddAddresses();
  times[kSandbox] = watch.Lap();
  const bpf_object* object = Load(path, cgroup);
  times[kLoad] = watch.Lap();
  Seed(object);
  times[kSeed] = watch.Lap();
  const int server = Listen();
  times[kListen] = watch.Lap();
  EnableNamespace();
  times[kControl] = watch.Lap();
  ConnectThrough(server);
  times[kConnect] = watch.Lap();
  // The end of the process destroys it all, as in the rig's worker: counted in the parent's teardown.
  return times;
}

}  // namespace

Times RunBareTest(const std::string& object) {
  Stopwatch watch;
  BareSandbox sandbox([&](int cgroup, int results) {
    const Times inside = RunInside(object, cgroup);
    Check(::write(results, inside.data(), sizeof(inside)) == sizeof(inside), "reporting");
  });
  const double cloned = watch.Lap();
  Times times{};
  sandbox.Read(times.data(), sizeof(times));
  times[kSandbox] += cloned;
  (void)watch.Lap();
  sandbox.End();
  times[kTeardown] = watch.Lap();
  return times;
}

double TimeBareConnects(const std::string& object, int count) {
  BareSandbox sandbox([&](int cgroup, int results) {
    AddAddresses();
    Seed(Load(object, cgroup));
    const int server = Listen();
    EnableNamespace();
    const sockaddr_in service = Address(kServiceAddress, kServicePort);
    Stopwatch watch;
    for (int i = 0; i < count; ++i) {
      const int client = TcpSocket();
      Check(::connect(client, reinterpret_cast<const sockaddr*>(&service), sizeof(service)) == 0,
            "connecting");
      const int accepted = ::accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
      Check(accepted >= 0, "accepting");
      ::close(accepted);
      ::close(client);
    }
    const double elapsed = watch.Lap();
    Check(::write(results, &elapsed, sizeof(elapsed)) == sizeof(elapsed), "reporting");
  });
  double elapsed = 0;
  sandbox.Read(&elapsed, sizeof(elapsed));
  return elapsed;
}

}  // namespace bpfrig::bench
