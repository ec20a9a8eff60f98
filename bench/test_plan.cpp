#include "bench/test_plan.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bench/client_process.h"
#include "bench/phases.h"

namespace bpfrig::bench {
namespace {

// A plan with so many times the connect4 test; returns its path.
std::string WritePlan(int tests) {
  const std::string path =
      std::filesystem::temp_directory_path() /
      ("bpfrig-bench-" + std::to_string(::getpid()) + "-" + std::to_string(tests) + ".yaml");
  std::ofstream plan(path);
  plan << R"(name: bench
objects: {cgroup_sock: cgroup_sock.bpf.o}
types: {km_frontend: [frontend_key, frontend_value], km_backend: [backend_key, backend_value]}
sandbox: {addresses: [10.96.0.1, 172.19.0.2]}
tests:
  - name: the waypoint is reached (${number})
    each:
)";
  for (int i = 0; i < tests; ++i) plan << "      - {number: " << i << "}\n";
  plan << R"(    steps:
      - load: {object: cgroup_sock, attach: [cgroup_connect4_prog]}
      - connect: {to: {address: 0.0.0.2, port: 929}}
        expect: {errno: ENETUNREACH}
      - listen: {name: waypoint, at: {address: 172.19.0.2, port: 15006}}
      - seed: {map: km_frontend, entries: [{key: {addr: !ip 10.96.0.1}, value: {upstream_id: 7}}]}
      - seed: {map: km_backend, entries: [{key: {backend_uid: 7}, value: {wp_addr: !ip 172.19.0.2, waypoint_port: !be16 15006}}]}
      - connect: {to: {address: 10.96.0.1, port: 8080}, send: !text hello}
        expect: {server: waypoint}
)";
  return path;
}

}  // namespace

double TimePlan(const std::string& target, int tests, const std::string& jobs) {
  const std::string path = WritePlan(tests);
  Stopwatch watch;
  RunClient({"run", "--target", target, "-j", jobs, "-I", BPFRIG_BPF_OBJECTS, path});
  const double elapsed = watch.Lap() / 1000;
  std::filesystem::remove(path);
  return elapsed;
}

}  // namespace bpfrig::bench
