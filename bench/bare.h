// The connect4 test as a standalone program would do it: libbpf and system calls, no daemon. The rig is
// measured against it.
#pragma once

#include <string>

#include "bench/phases.h"

namespace bpfrig::bench {

class BareTest {
 public:
  // `object` is the path of cgroup_sock.bpf.o. Exits the process with a message if the machine refuses it.
  explicit BareTest(std::string object);

  // Runs the test once. Exits if the connection was not redirected.
  Times Run();

 private:
  std::string object_;
  std::string cgroup_root_;
};

}  // namespace bpfrig::bench
