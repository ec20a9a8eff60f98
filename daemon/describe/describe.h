// `bpfrigd describe`: prints what is in an object, for people or as JSON. It needs neither privileges nor a
// daemon that runs.
#pragma once

#include <string>
#include <vector>

#include "daemon/kernel_bpf/policy/load_policy.h"

namespace bpfrig::describe {

struct DescribeOptions {
  // A file; "-" for standard input.
  std::string object;
  bool json = false;
  // PROGRAM=SECTION each.
  std::vector<std::string> types;
  // What a daemon would let load.
  kernel_bpf::LoadPolicy policy;
};

// Returns the exit status: 0, or 1 with a message on stderr if it cannot be described.
int RunDescribe(const DescribeOptions& options);

}  // namespace bpfrig::describe
