// BareSandbox: a child process in a network namespace and a cgroup of its own, with `lo` up: what a sandbox
// is at the least. Bare programs run in one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

namespace bpfrig::bench {

class BareSandbox {
 public:
  // `inside` runs in the child, whose end is the end of all that it made. It gets the cgroup's descriptor,
  // and one to write its results to. Exits if the machine refuses any of it.
  explicit BareSandbox(const std::function<void(int cgroup, int results)>& inside);
  ~BareSandbox();
  BareSandbox(const BareSandbox&) = delete;
  BareSandbox& operator=(const BareSandbox&) = delete;

  // Waits for so many bytes of results.
  void Read(void* into, size_t size);
  // Waits for the child's end, and removes the cgroup.
  void End();

 private:
  std::string folder_;
  int cgroup_ = -1;
  int results_ = -1;
  pid_t pid_ = -1;
};

}  // namespace bpfrig::bench
