#include "tests/support/memory_cgroup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

constexpr char kMount[] = "/sys/fs/cgroup/memory";
// A process that was killed stays until it has given its memory back.
constexpr std::chrono::seconds kGoneLimit{30};

// This process's own; the mount's root if a container shows no more than that.
std::string OwnCgroup() {
  std::istringstream lines(ReadAll("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const size_t path = line.find(":memory:");
    if (path == std::string::npos) continue;
    const std::string own = kMount + line.substr(path + std::string(":memory:").size());
    if (::access(own.c_str(), W_OK) == 0) return own;
  }
  return kMount;
}

}  // namespace

bool MemoryCgroup::CanBeMade() {
  return ::access((OwnCgroup() + "/memory.oom_control").c_str(), R_OK) == 0 &&
         ::access(OwnCgroup().c_str(), W_OK) == 0;
}

MemoryCgroup::MemoryCgroup() {
  static std::atomic<int> next = 0;
  path_ = OwnCgroup() + "/bpfrig-test-" + std::to_string(::getpid()) + "-" + std::to_string(next++);
  if (::mkdir(path_.c_str(), 0755) == 0) return;
  std::perror(path_.c_str());
  std::abort();
}

MemoryCgroup::~MemoryCgroup() {
  EXPECT_TRUE(WaitUntil(kGoneLimit, [&] { return ::rmdir(path_.c_str()) == 0 || errno == ENOENT; }))
      << path_ << " is left";
}

void MemoryCgroup::Add(pid_t pid) const { Write("cgroup.procs", std::to_string(pid)); }

std::vector<std::string> MemoryCgroup::Launcher() const {
  return {"sh", "-c", "echo $$ >\"$0\" && exec \"$@\"", path_ + "/cgroup.procs"};
}

void MemoryCgroup::LeaveRoom(uint64_t bytes) const {
  const uint64_t used = std::strtoull(ReadAll(path_ + "/memory.usage_in_bytes").c_str(), nullptr, 10);
  Write("memory.limit_in_bytes", std::to_string(used + bytes));
}

int MemoryCgroup::Kills() const {
  std::istringstream lines(ReadAll(path_ + "/memory.oom_control"));
  std::string name;
  int count = 0;
  while (lines >> name >> count) {
    if (name == "oom_kill") return count;
  }
  ADD_FAILURE() << path_ << "/memory.oom_control does not say how many were killed";
  return 0;
}

void MemoryCgroup::Write(const std::string& file, const std::string& text) const {
  std::ofstream out(path_ + "/" + file);
  out << text << std::flush;
  EXPECT_TRUE(out.good()) << "writing " << text << " to " << path_ << "/" << file;
}

}  // namespace bpfrig::tests
