// What tests of reliability look at from outside of a daemon: its processes, and what they take.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/e2e/rig.h"

namespace bpfrig::tests {

// Bytes of a process's memory that are its own and present: VmRSS without what is mapped from files.
[[nodiscard]] int64_t ResidentBytes(pid_t pid);
// Of supervisor and front together.
[[nodiscard]] int64_t ResidentBytes(const Daemon& daemon);

// Whether supervisor and front are the processes that they were, and calls are answered.
class SameDaemon {
 public:
  explicit SameDaemon(const Daemon& daemon) : SameDaemon(daemon.Pid(), daemon.Target()) {}
  SameDaemon(pid_t supervisor, std::string target)
      : supervisor_(supervisor), target_(std::move(target)), front_(FrontOf(supervisor)) {}
  [[nodiscard]] bool StillServes() const;

 private:
  const pid_t supervisor_;
  const std::string target_;
  const pid_t front_;
};

// Prints a line for docs/reliability.md, and records it in the test's XML.
void Report(const std::string& what, const std::string& figure);

}  // namespace bpfrig::tests
