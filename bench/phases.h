// What one connect4 test is made of, and how long each part of it took. The rig and the bare program do the
// same work in the same order:
//   sandbox    a process in its own network namespace and cgroup, `lo` up, two addresses
//   load       cgroup_sock.bpf.o opened, loaded, its connect4 program attached to the cgroup
//   seed       one frontend and one backend written
//   listen     a TCP server on the waypoint's address
//   control    a connect to the control address, which enables the namespace
//   connect    a connect to the service's address, "hello" sent, seen by the server to come from that
//   connection teardown   everything destroyed, the process reaped, the cgroup removed
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace bpfrig::bench {

enum Phase : size_t { kSandbox, kLoad, kSeed, kListen, kControl, kConnect, kTeardown, kPhaseCount };
inline constexpr std::array<const char*, kPhaseCount> kPhaseNames = {
    "sandbox", "load", "seed", "listen", "control", "connect", "teardown"};
inline constexpr char kServiceAddress[] = "10.96.0.1";
inline constexpr char kWaypointAddress[] = "172.19.0.2";
inline constexpr char kControlAddress[] = "0.0.0.2";
inline constexpr int kServicePort = 8080;
inline constexpr int kWaypointPort = 15006;
inline constexpr int kEnablePort = 929;
inline constexpr char kGreeting[] = "hello";

// Microseconds of each phase.
using Times = std::array<double, kPhaseCount>;

// Gives the time since the last call.
class Stopwatch {
 public:
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::micro> elapsed = now - last_;
    last_ = now;
    return elapsed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace bpfrig::bench
