// Every way in which something ends hard, again and again, while another client runs the shipped plans on the
// same daemon: not one of them may fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/reliability/busy_sandbox.h"
#include "tests/reliability/daemon_watch.h"
#include "tests/reliability/scale.h"
#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{2};
// A client that no longer answers is noticed by its missing answer to a ping.
constexpr std::chrono::seconds kPingLimit{20};

// Another client, which runs the shipped plans over and over for as long as this lives.
class PlansMeanwhile {
 public:
  explicit PlansMeanwhile(const Daemon& daemon) : thread_([this, &daemon] { Run(daemon); }) {}
  ~PlansMeanwhile() {
    stop_ = true;
    thread_.join();
    EXPECT_EQ(failed_, 0) << output_;
    EXPECT_GT(runs_, 0);
    Report("shipped plans run meanwhile", std::to_string(runs_));
  }
  PlansMeanwhile(const PlansMeanwhile&) = delete;
  PlansMeanwhile& operator=(const PlansMeanwhile&) = delete;

 private:
  void Run(const Daemon& daemon) {
    do {
      const Outcome outcome = RunToEnd(
          RunCommand({"--target", daemon.Target(), "-j", "1", std::string(BPFRIG_SOURCE) + "/plans"}));
      ++runs_;
      if (outcome.status == 0) continue;
      ++failed_;
      output_ = outcome.output;
    } while (!stop_);
  }

  std::atomic<bool> stop_ = false;
  int runs_ = 0;
  int failed_ = 0;
  std::string output_;
  std::thread thread_;
};

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

// Sandboxes that each come to an end of the same kind.
class HardEndsTest : public ::testing::Test {
 protected:
  // A full sandbox, its worker, and a number for it.
  struct Victim {
    std::unique_ptr<BusySandbox> sandbox;
    pid_t worker = -1;
  };

  Victim MakeVictim(const v1::OpenSandboxRequest& request = {}) {
    const int port = next_port_++;
    Victim victim{std::make_unique<BusySandbox>(caller_, request)};
    const grpc::Status filled = victim.sandbox->Fill(port);
    EXPECT_TRUE(filled.ok()) << filled.error_message();
    victim.worker = WorkerServing(daemon_, port);
    EXPECT_GT(victim.worker, 0);
    return victim;
  }

  // Runs `end` so often, in a few threads, and says how long the slowest took.
  void Repeat(const std::string& what, const std::function<void()>& end) {
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

  Daemon daemon_;
  SameDaemon same_{daemon_};
  Caller caller_{daemon_.Target()};
  std::atomic<int> next_port_ = 10000;
};

TEST_F(HardEndsTest, KilledWorkers) {
  {
    const PlansMeanwhile plans(daemon_);
    Repeat("killed worker", [&] {
      const Victim victim = MakeVictim();
      ASSERT_EQ(::kill(victim.worker, SIGKILL), 0);
      EXPECT_EQ(victim.sandbox->WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
    });
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, StoppedWorkersAreClosed) {
  {
    const PlansMeanwhile plans(daemon_);
    Repeat("close of a stopped worker", [&] {
      const Victim victim = MakeVictim();
      ASSERT_EQ(::kill(victim.worker, SIGSTOP), 0);
      v1::CloseSandboxResponse ledger;
      const auto started = steady_clock::now();
      (void)victim.sandbox->Close(ledger);
      EXPECT_LT(steady_clock::now() - started, kSoon);
    });
  }
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, WorkersOutOfDescriptors) {
  v1::OpenSandboxRequest request;
  request.mutable_limits()->set_open_files(64);
  {
    const PlansMeanwhile plans(daemon_);
    Repeat("sandbox out of descriptors", [&] {
      const Victim victim = MakeVictim(request);
      grpc::Status status;
      for (int port = 20000; status.ok() && port < 20100; ++port) {
        status = victim.sandbox->ConnectToItself(port);
      }
      EXPECT_THAT(status.error_message(), HasSubstr("open files"));
      v1::CloseSandboxResponse ledger;
      const grpc::Status closed = victim.sandbox->Close(ledger);
      EXPECT_TRUE(closed.ok() && ledger.closed()) << closed.error_message();
      EXPECT_EQ(ledger.links(), 3U);
    });
  }
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, ClientsThatNoLongerAnswer) {
  const int count = Scaled(4, 50);
  {
    const PlansMeanwhile plans(daemon_);
    std::vector<Subprocess> clients;
    for (int i = 0; i < count; ++i) {
      clients.push_back(Subprocess::Start({Binary("reliability_client"), daemon_.Target()}));
    }
    for (Subprocess& client : clients)
      EXPECT_TRUE(client.WaitForOutput("filled", kPatience)) << client.Output();
    for (Subprocess& client : clients) client.Signal(SIGSTOP);
    const auto has_ended = [&] { return daemon_.Workers().size() <= 1; };
    EXPECT_TRUE(WaitUntil(kPingLimit, has_ended));
  }
  Report("clients that no longer answer", std::to_string(count));
  EXPECT_TRUE(WaitUntil(kSoon, [&] { return daemon_.Workers().empty(); }));
  EXPECT_TRUE(same_.StillServes());
}

TEST_F(HardEndsTest, OtherDaemonsTerminatedUnderLoad) {
  const PlansMeanwhile plans(daemon_);
  const int count = Scaled(4, 100);
  std::chrono::duration<double> slowest{0};
  for (int i = 0; i < count; ++i) {
    Daemon other;
    Caller caller(other.Target());
    BusySandbox one(caller, {}), two(caller, {});
    ASSERT_TRUE(one.Fill().ok() && two.Fill().ok());
    const auto started = steady_clock::now();
    ASSERT_EQ(::kill(other.Pid(), SIGTERM), 0);
    EXPECT_EQ(other.Wait(kPatience).status, 0);
    slowest = std::max(slowest, std::chrono::duration<double>(steady_clock::now() - started));
    EXPECT_EQ(one.WaitForEnd().reason(), v1::SANDBOX_END_REASON_SHUTDOWN);
  }
  EXPECT_LT(slowest, kSoon);
  Report("SIGTERM under load: times", std::to_string(count));
  Report("SIGTERM under load: slowest end, in s", std::to_string(slowest.count()));
}

TEST_F(HardEndsTest, OtherDaemonsKilledAndStartedAgain) {
  const PlansMeanwhile plans(daemon_);
  const int count = Scaled(4, 100);
  for (int i = 0; i < count; ++i) {
    Daemon other;
    Caller caller(other.Target());
    BusySandbox sandbox(caller, {});
    ASSERT_TRUE(sandbox.Fill().ok());
    const std::vector<pid_t> workers = other.Workers();
    ASSERT_EQ(workers.size(), 1U);
    ASSERT_EQ(::kill(other.Pid(), SIGKILL), 0);
    EXPECT_EQ(other.Wait(kPatience).signal, SIGKILL);
    EXPECT_TRUE(WaitUntil(kSoon, [&] { return CommandLineOf(workers.front()).empty(); }));
  }
  // Takes away what the last of them left.
  const Daemon next;
  EXPECT_TRUE(SameDaemon(next).StillServes());
  Report("kill -9 of a daemon: times", std::to_string(count));
}

TEST(FullDiskTest, ADaemonWhoseLogCannotBeWrittenServesOn) {
  const Daemon daemon(Daemon::LogTo("/dev/full"), {"--log-level", "debug"});
  const SameDaemon same(daemon);
  Caller caller(daemon.Target());
  for (int i = 0; i < Scaled(5, 100); ++i) {
    BusySandbox sandbox(caller, {});
    ASSERT_TRUE(sandbox.Fill().ok());
    v1::CloseSandboxResponse ledger;
    EXPECT_TRUE(sandbox.Close(ledger).ok());
  }
  EXPECT_TRUE(same.StillServes());
}

}  // namespace
}  // namespace bpfrig::tests
