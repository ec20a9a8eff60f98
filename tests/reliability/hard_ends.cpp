#include "tests/reliability/hard_ends.h"

#include <cstdio>
#include <utility>

#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using std::chrono::steady_clock;

// The worker with a server at that port; -1 if there is none. A sandbox's id does not tell.
pid_t WorkerServing(const Daemon& daemon, int port) {
  char listening[64];
  std::snprintf(listening, sizeof(listening), ": 0100007F:%04X 00000000:0000 0A",
                static_cast<unsigned>(port));
  for (const pid_t pid : daemon.Workers()) {
    if (ReadAll("/proc/" + std::to_string(pid) + "/net/tcp").find(listening) != std::string::npos) return pid;
  }
  return -1;
}

}  // namespace

PlansMeanwhile::PlansMeanwhile(std::string target) : target_(std::move(target)), thread_([this] { Run(); }) {}

PlansMeanwhile::~PlansMeanwhile() {
  stop_ = true;
  thread_.join();
  EXPECT_EQ(failed_, 0) << output_;
  EXPECT_GT(runs_, 0);
  Report("shipped plans run meanwhile", std::to_string(runs_));
}

void PlansMeanwhile::Run() {
  do {
    const Outcome outcome =
        RunToEnd(RunCommand({"--target", target_, "-j", "1", std::string(BPFRIG_SOURCE) + "/plans"}));
    ++runs_;
    if (outcome.status == 0) continue;
    ++failed_;
    output_ = outcome.output;
  } while (!stop_);
}

HardEndsTest::Victim HardEndsTest::MakeVictim(const v1::OpenSandboxRequest& request) {
  Victim victim{std::make_unique<BusySandbox>(caller_, request), -1, next_port_++};
  const grpc::Status filled = victim.sandbox->Fill(victim.port);
  EXPECT_TRUE(filled.ok()) << filled.error_message();
  victim.worker = WorkerServing(daemon_, victim.port);
  EXPECT_GT(victim.worker, 0);
  return victim;
}

void HardEndsTest::Repeat(const std::string& what, const std::function<void()>& end) {
  const int count = Scaled(8, 100);
  std::atomic<int> left = count;
  std::atomic<int64_t> slowest = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (left-- > 0) {
        const auto started = steady_clock::now();
        end();
        const int64_t took = (steady_clock::now() - started) / std::chrono::milliseconds(1);
        for (int64_t seen = slowest; took > seen && !slowest.compare_exchange_weak(seen, took);) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Report(what + ": times", std::to_string(count));
  Report(what + ": slowest, in ms", std::to_string(slowest));
}

}  // namespace bpfrig::tests
