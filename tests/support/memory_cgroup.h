// MemoryCgroup: a cgroup of the memory controller's first version (cgroup1) with little memory in it, for
// tests of what happens when there is none left. What a cgroup2 with that controller does is the daemon's own
// limit, and tested in guests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bpfrig::tests {

class MemoryCgroup {
 public:
  // Whether this machine has that controller, and lets us use it.
  [[nodiscard]] static bool CanBeMade();

  // Below this process's own. Aborts if it cannot be made.
  MemoryCgroup();
  // Its processes have ended, or do so soon.
  ~MemoryCgroup();
  MemoryCgroup(const MemoryCgroup&) = delete;
  MemoryCgroup& operator=(const MemoryCgroup&) = delete;

  // Moves a process there. What it has already counts where it was.
  void Add(pid_t pid) const;
  // A command that runs the one after it in there.
  [[nodiscard]] std::vector<std::string> Launcher() const;
  // Its processes may have so many bytes more than they have now.
  void LeaveRoom(uint64_t bytes) const;
  // How many processes the kernel has killed because there was no more.
  [[nodiscard]] int Kills() const;

 private:
  void Write(const std::string& file, const std::string& text) const;

  std::string path_;
};

}  // namespace bpfrig::tests
