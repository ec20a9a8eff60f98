#include "tests/reliability/daemon_watch.h"

#include <gtest/gtest.h>

#include <iostream>

namespace bpfrig::tests {

int64_t ResidentBytes(pid_t pid) {
  const std::string kilobytes = StatusField(pid, "RssAnon");
  EXPECT_FALSE(kilobytes.empty()) << "process " << pid << " is gone";
  return std::atoll(kilobytes.c_str()) * 1024;
}

int64_t ResidentBytes(const Daemon& daemon) {
  return ResidentBytes(daemon.Pid()) + ResidentBytes(daemon.Front());
}

bool SameDaemon::StillServes() const {
  return front_ > 0 && FrontOf(supervisor_) == front_ &&
         RunToEnd({Binary("bpfrig"), "info", "--target", target_}).status == 0;
}

void Report(const std::string& what, const std::string& figure) {
  std::cout << "| " << what << " | " << figure << " |\n";
  ::testing::Test::RecordProperty(what, figure);
}

}  // namespace bpfrig::tests
