// The connect4 test as a program of its own would do it: libbpf and system calls, no daemon. The measure that
// the rig is held against.
#pragma once

#include <string>

#include "bench/phases.h"

namespace bpfrig::bench {

class BareTest {
 public:
  // `object` is the path of cgroup_sock.bpf.o. Exits the process with a message where the machine will not
  // have it.
  explicit BareTest(std::string object);

  // Runs the test once. Exits where the connection was not redirected.
  Times Run();

 private:
  std::string object_;
  std::string cgroup_root_;
};

}  // namespace bpfrig::bench
