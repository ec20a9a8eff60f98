// HardEndsTest: sandboxes that come to an end of the same kind again and again, while another client
// (PlansMeanwhile) runs the shipped plans on the same daemon: not one of them may fail.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/reliability/busy_sandbox.h"
#include "tests/reliability/daemon_watch.h"
#include "tests/reliability/scale.h"

namespace bpfrig::tests {

// A client that no longer answers is noticed by its missing answer to a ping.
inline const std::chrono::seconds kPingLimit{Scaled(60, 20)};

// Another client, which runs the shipped plans over and over for as long as this lives.
class PlansMeanwhile {
 public:
  explicit PlansMeanwhile(std::string target);
  ~PlansMeanwhile();
  PlansMeanwhile(const PlansMeanwhile&) = delete;
  PlansMeanwhile& operator=(const PlansMeanwhile&) = delete;

 private:
  void Run();

  const std::string target_;
  std::atomic<bool> stop_ = false;
  int runs_ = 0;
  int failed_ = 0;
  std::string output_;
  std::thread thread_;
};

class HardEndsTest : public ::testing::Test {
 protected:
  // A full sandbox, its worker, and the port of its server.
  struct Victim {
    std::unique_ptr<BusySandbox> sandbox;
    pid_t worker = -1;
    int port = 0;
  };

  explicit HardEndsTest(const Daemon::Launcher& launcher = {}, const std::vector<std::string>& arguments = {})
      : daemon_(launcher, arguments) {}

  Victim MakeVictim(const v1::OpenSandboxRequest& request = {});
  // Runs `end` so often, in a few threads, and says how long the slowest took.
  void Repeat(const std::string& what, const std::function<void()>& end);

  Daemon daemon_;
  SameDaemon same_{daemon_};
  Caller caller_{daemon_.Target()};

 private:
  std::atomic<int> next_port_ = 10000;
};

}  // namespace bpfrig::tests
