// Many sandboxes, one after the other and at once: what they held is given back, and the daemon does not
// grow.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "common/testing/memory_bound.h"
#include "tests/reliability/busy_sandbox.h"
#include "tests/reliability/daemon_watch.h"
#include "tests/reliability/scale.h"
#include "tests/support/deadline.h"
#include "tests/support/machine_state.h"

namespace bpfrig::tests {
namespace {

// The front gives back to the kernel what it freed a second after a connection has ended.
constexpr std::chrono::seconds kRest{2};
constexpr int64_t kGrowthLimit = 1 << 20;

void FillAndKillClient(const Daemon& daemon) {
  Subprocess client = Subprocess::Start({Binary("reliability_client"), daemon.Target()});
  EXPECT_TRUE(client.WaitForOutput("filled", kPatience)) << client.Output();
  client.Signal(SIGKILL);
  EXPECT_EQ(client.Wait(kPatience).signal, SIGKILL);
}

// So many full sandboxes. Of three one is closed, one's lease is cut, and one's client is killed.
void Churn(const Daemon& daemon, int count) {
  Caller caller(daemon.Target());
  for (int i = 0; i < count; ++i) {
    if (i % 3 == 0) {
      FillAndKillClient(daemon);
      continue;
    }
    BusySandbox sandbox(caller, v1::OpenSandboxRequest());
    const grpc::Status filled = sandbox.Fill();
    EXPECT_TRUE(filled.ok()) << filled.error_message();
    if (i % 3 == 1) continue;
    v1::CloseSandboxResponse ledger;
    const grpc::Status closed = sandbox.Close(ledger);
    EXPECT_TRUE(closed.ok()) << closed.error_message();
    EXPECT_EQ(ledger.links(), 3U);
  }
}

// On four threads.
void ChurnAtOnce(const Daemon& daemon, int count) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { Churn(daemon, count / 4); });
  for (std::thread& thread : threads) thread.join();
}

// The least that it takes within the time in which it must have given back what it freed.
int64_t BytesAtRest(const Daemon& daemon) {
  int64_t least = ResidentBytes(daemon);
  (void)WaitUntil(kRest, [&] {
    least = std::min(least, ResidentBytes(daemon));
    return false;
  });
  return least;
}

TEST(ChurnTest, GivesAllBackWithinTwoSecondsAndDoesNotGrow) {
  const Daemon daemon;
  const SameDaemon same(daemon);
  ChurnAtOnce(daemon, Scaled(24, 200));
  ASSERT_TRUE(WaitUntil(kSoon, [&] { return daemon.Workers().empty(); }));
  const MachineState before = MachineState::Take();
  const int64_t bytes_before = BytesAtRest(daemon);
  const int count = Scaled(48, 1000);
  const auto started = std::chrono::steady_clock::now();
  ChurnAtOnce(daemon, count);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return MachineState::Take().NewSince(before).empty(); }))
      << ::testing::PrintToString(MachineState::Take().NewSince(before));
  const int64_t growth = BytesAtRest(daemon) - bytes_before;
  EXPECT_TRUE(same.StillServes());
  Report("churn: sandboxes", std::to_string(count));
  Report("churn: sandboxes a second", std::to_string(count / took.count()));
  Report("churn: bytes that supervisor and front grew by", std::to_string(growth));
  // Few sandboxes do not warm up the allocator.
  EXPECT_LT(growth, static_cast<int64_t>(common::MemoryBound(Scaled(8, 1) * kGrowthLimit)));
}

TEST(ChurnTest, HundredSandboxesAtOnce) {
  const int count = Scaled(20, 100);
  const Daemon daemon(
      {"--max-sandboxes", std::to_string(count), "--max-sandboxes-per-caller", std::to_string(count)});
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::unique_ptr<BusySandbox>> sandboxes;
  for (int i = 0; i < count; ++i) {
    callers.push_back(std::make_unique<Caller>(daemon.Target()));
    sandboxes.push_back(std::make_unique<BusySandbox>(*callers.back(), v1::OpenSandboxRequest()));
    const grpc::Status filled = sandboxes.back()->Fill();
    ASSERT_TRUE(filled.ok()) << "sandbox " << i << ": " << filled.error_message();
  }
  EXPECT_EQ(daemon.Workers().size(), static_cast<size_t>(count));
  int64_t bytes = 0;
  for (const pid_t worker : daemon.Workers()) bytes += ResidentBytes(worker);
  Report("at once: sandboxes", std::to_string(count));
  Report("at once: bytes of a worker", std::to_string(bytes / count));
  sandboxes.clear();
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon.Workers().empty(); }));
}

}  // namespace
}  // namespace bpfrig::tests
