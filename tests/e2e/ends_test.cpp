// How calls, sandboxes and daemons end if something keeps them from it: a program that does not end, a worker
// that is stopped or out of descriptors, names that are not text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/caller.h"
#include "tests/e2e/rig.h"
#include "tests/e2e/stop_spinning.h"
#include "tests/support/bpf_elf.h"
#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Stub = v1::BpfRig::Stub;

// A call's deadline, and what the daemon may take past it: a second for the worker, half a second for its
// death, and a slow machine's share.
constexpr Milliseconds kDeadline{300};
constexpr Milliseconds kAnswerLimit{4000};
// How long a daemon takes to leave. The sanitizers make it slower than it promises to be.
#ifdef BPFRIG_SANITIZED
constexpr Milliseconds kLeaveLimit{6000};
#else
constexpr Milliseconds kLeaveLimit{2000};
#endif
// How long the exit of a process takes whose program has returned. Nothing is judged by that time.
constexpr seconds kProgramEnds{120};

// A test run's packet, of the least size that there is.
constexpr char kPacket[] =
    R"(data: "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\x45\0\0\x14\0\0\0\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02")";

class Stopwatch {
 public:
  [[nodiscard]] Milliseconds Passed() const {
    return std::chrono::duration_cast<Milliseconds>(steady_clock::now() - start_);
  }

 private:
  const steady_clock::time_point start_ = steady_clock::now();
};

std::string Globals(uint64_t outer, uint64_t inner) {
  return absl::StrCat("globals { name: \"outer\" value { unsigned_integer: ", outer,
                      " } } globals { name: \"inner\" value { unsigned_integer: ", inner, " } }");
}

// May fail for a thread that has ended meanwhile.
void SetAffinity(pid_t process, const cpu_set_t& cpus) {
  std::error_code error;
  for (const auto& thread :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", process, "/task"), error)) {
    (void)::sched_setaffinity(std::stoi(thread.path().filename()), sizeof(cpus), &cpus);
  }
}

// Leaves a process a CPU to itself, for as long as this lives, as far as this process, its other descendants
// and what it starts from now on go. Whoever is on the CPU of a program that spins waits for it, if the
// kernel does not preempt programs (PREEMPT_NONE).
class OwnCpu {
 public:
  explicit OwnCpu(pid_t owner) {
    if (::sched_getaffinity(0, sizeof(all_), &all_) != 0 || CPU_COUNT(&all_) < 2) return;
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &all_)) --last;
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(last, &own);
    cpu_set_t others = all_;
    CPU_CLR(last, &others);
    for (const pid_t pid : DescendantsOf(::getpid())) SetAffinity(pid, pid == owner ? own : others);
    SetAffinity(::getpid(), others);
  }
  ~OwnCpu() { SetAffinity(::getpid(), all_); }
  OwnCpu(const OwnCpu&) = delete;
  OwnCpu& operator=(const OwnCpu&) = delete;

 private:
  cpu_set_t all_{};
};

// Sandboxes with a program that keeps its worker in the kernel.
class SpinTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::thread::hardware_concurrency() < 2) {
      GTEST_SKIP() << "a program that spins would have the only processor";
    }
  }
  static std::string Spin() { return ReadAll(BPFRIG_TEST_OBJECTS "/spin.bpf.o"); }
  // Until StopSpinning(), and, should a test not come to that, for about a minute.
  static std::string ForAMinute() { return Globals(1000, 8'000'000); }

  // Has the first sandbox's worker spin in a test run that was given up at its deadline.
  void StartToSpin(const Daemon& daemon, OpenedSandbox& sandbox) {
    cpu_.emplace(daemon.Workers().at(0));
    sandbox.Load("spin", Spin(), ForAMinute());
    v1::RunProgramResponse response;
    const grpc::Status status =
        sandbox.Call(&Stub::RunProgram, absl::StrCat(R"(program: "spin/spin_in_test_run" )", kPacket),
                     response, kDeadline);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << status.error_message();
  }

  std::optional<OwnCpu> cpu_;
};

TEST_F(SpinTest, CallIsAnsweredAndTheSandboxCountsUntilTheProgramEnds) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "");
  // Opened before: the kernel may hold the lock of all network devices until the program ends (Linux 6.18).
  OpenedSandbox other(daemon, "");
  const Stopwatch watch;
  StartToSpin(daemon, sandbox);
  const v1::SandboxEnded ended = sandbox.AwaitEnd();
  EXPECT_LT(watch.Passed(), kAnswerLimit);
  EXPECT_EQ(ended.reason(), v1::SANDBOX_END_REASON_WORKER_HUNG);
  EXPECT_EQ(
      ended.message(),
      "its worker hung in RunProgram of spin/spin_in_test_run, 1s past the call's deadline, and was killed, "
      "but a program of it still runs in the kernel, where no signal ends it: until it does, it counts as "
      "one of the daemon's sandboxes");
  const v1::GetInfoResponse info = AskInfo(daemon);
  EXPECT_EQ(info.open_sandboxes(), 1u);
  EXPECT_EQ(info.stuck_sandboxes(), 1u);
  // Nobody else is kept from anything.
  v1::ConnectResponse refused;
  EXPECT_TRUE(other.Call(&Stub::Connect, R"(to { address: "127.0.0.1" port: 80 })", refused).ok());
  EXPECT_EQ(refused.errno_name(), "ECONNREFUSED");
  v1::CloseSandboxResponse ledger;
  EXPECT_TRUE(other.Close(ledger).ok());
  StopSpinning();
  EXPECT_TRUE(WaitUntil(kProgramEnds, [&] { return AskInfo(daemon).stuck_sandboxes() == 0; }));
  EXPECT_TRUE(daemon.Workers().empty());
}

TEST_F(SpinTest, ConnectThatRunsSuchAProgramIsAnsweredToo) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "");
  sandbox.Load("spin", Spin(), ForAMinute() + R"(attach { program: "spin_in_connect" })");
  cpu_.emplace(daemon.Workers().at(0));
  const Stopwatch watch;
  v1::ConnectResponse response;
  const grpc::Status status =
      sandbox.Call(&Stub::Connect, R"(to { address: "127.0.0.1" port: 80 })", response, kDeadline);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  const v1::SandboxEnded ended = sandbox.AwaitEnd();
  EXPECT_LT(watch.Passed(), kAnswerLimit);
  EXPECT_THAT(ended.message(), HasSubstr("hung in Connect"));
  EXPECT_THAT(ended.message(), HasSubstr("still runs in the kernel"));
  StopSpinning();
  EXPECT_TRUE(WaitUntil(kProgramEnds, [&] { return daemon.Workers().empty(); }));
}

TEST_F(SpinTest, StuckSandboxesCountTowardsTheLimit) {
  const Daemon daemon({"--max-sandboxes", "1"});
  OpenedSandbox sandbox(daemon, "");
  StartToSpin(daemon, sandbox);
  (void)sandbox.AwaitEnd();
  const grpc::Status refused = RefusedToOpen(daemon, "");
  EXPECT_EQ(DetailOf(refused).reason(), v1::ERROR_REASON_LIMIT_REACHED);
  EXPECT_EQ(refused.error_message(),
            "opening a sandbox: 0 are open already, and 1 that have ended still run a program in the kernel");
  StopSpinning();
  EXPECT_TRUE(WaitUntil(kProgramEnds, [&] { return daemon.Workers().empty(); }));
}

TEST_F(SpinTest, DaemonLeavesInTwoSecondsAndTheNextOneCopes) {
  // The kernel may keep any process until such a program ends (Linux 6.18), though seldom.
  constexpr int kTries = 3;
  bool in_time = false;
  pid_t worker = -1;
  for (int i = 0; i < kTries && !in_time; ++i) {
    Daemon daemon;
    OpenedSandbox sandbox(daemon, "");
    StartToSpin(daemon, sandbox);
    worker = daemon.Workers().at(0);
    ASSERT_EQ(::kill(daemon.Pid(), SIGTERM), 0);
    in_time = daemon.WaitForOutput("does not die: a program of it still runs in the kernel", kLeaveLimit);
    const Outcome outcome = daemon.Wait(kProgramEnds);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }
  ASSERT_TRUE(in_time) << "it waits for the program";
  const std::vector<std::string> ask_doctor = {Binary("bpfrigd"), "doctor", "--leaks"};
  const Outcome left = RunToEnd(ask_doctor);
  EXPECT_EQ(left.status, 1) << left.output;
  EXPECT_THAT(left.output, HasSubstr("1 thing is left behind\n"));
  if (left.output.find("was killed and still runs in the kernel") != std::string::npos) {
    EXPECT_THAT(left.output, HasSubstr("no daemon holds it; 1 process\n"));
    EXPECT_THAT(left.output,
                HasSubstr(absl::StrCat("worker, process ", worker,
                                       ": was killed and still runs in the kernel; 2 programs, ")));
    StopSpinning();
  } else {
    // It was kept, too: the process is gone, or about to be.
    EXPECT_THAT(left.output, AnyOf(HasSubstr("no daemon holds it; 0 processes\n"),
                                   HasSubstr(absl::StrCat("unknown program, process ", worker, "; "))));
  }
  const Daemon next;
  EXPECT_THAT(RunToEnd(ask_doctor).output, HasSubstr("a daemon that lives holds it"));
  OpenedSandbox sandbox(next, "");
  v1::CloseSandboxResponse ledger;
  EXPECT_TRUE(sandbox.Close(ledger).ok());
  EXPECT_TRUE(WaitUntil(kProgramEnds, [&] { return CommandLineOf(worker).empty(); }));
  // The next daemon removes the cgroup when it ends: the leak check sees to that.
}

TEST_F(SpinTest, RepetitionsEndWithTheCall) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "");
  // A run of some microseconds, a million times.
  sandbox.Load("spin", Spin(), Globals(1, 10'000));
  const std::string run = absl::StrCat(R"(program: "spin_in_test_run" )", kPacket);
  v1::RunProgramResponse response;
  const Stopwatch watch;
  const grpc::Status stopped =
      sandbox.Call(&Stub::RunProgram, absl::StrCat(run, " repeat: 1000000"), response, kDeadline);
  EXPECT_EQ(stopped.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << stopped.error_message();
  const grpc::Status once = sandbox.Call(&Stub::RunProgram, run, response);
  EXPECT_TRUE(once.ok()) << once.error_message();
  EXPECT_LT(watch.Passed(), Milliseconds(1300)) << "before the worker would have been killed";
  v1::CloseSandboxResponse ledger;
  ASSERT_TRUE(sandbox.Close(ledger).ok());
  for (const v1::ProgramLedger& program : ledger.programs()) {
    EXPECT_EQ(program.run_count(), 0u) << "test runs are not counted: " << program.ShortDebugString();
  }
}

TEST(EndsTest, StoppedWorkerIsClosedInASecond) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "");
  ASSERT_EQ(::kill(daemon.Workers().at(0), SIGSTOP), 0);
  const Stopwatch watch;
  v1::CloseSandboxResponse ledger;
  const grpc::Status closed = sandbox.Close(ledger);
  EXPECT_LT(watch.Passed(), Milliseconds(2500));
  EXPECT_EQ(closed.error_code(), grpc::StatusCode::UNAVAILABLE) << closed.error_message();
  EXPECT_EQ(closed.error_message(),
            "the sandbox ended: its worker did not take CloseSandbox for 1s, and was killed");
  EXPECT_TRUE(daemon.Workers().empty());
}

TEST(EndsTest, SandboxOutOfDescriptorsIsClosedWithItsLedger) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "limits { open_files: 64 }");
  v1::ListenResponse listening;
  ASSERT_TRUE(
      sandbox.Call(&Stub::Listen, R"(name: "here" at { address: "127.0.0.1" port: 80 })", listening).ok());
  grpc::Status status;
  for (int i = 0; i < 64 && status.ok(); ++i) {
    v1::ConnectResponse connected;
    status = sandbox.Call(&Stub::Connect,
                          absl::StrCat("name: \"c", i, R"(" to { address: "127.0.0.1" port: 80 })"),
                          connected, seconds(5));
    if (!connected.errno_name().empty()) break;
  }
  // Fill what a failed call gave back.
  for (int i = 0; i < 4; ++i) {
    v1::ListenResponse more;
    (void)sandbox.Call(&Stub::Listen,
                       absl::StrCat("name: \"l", i, R"(" at { address: "127.0.0.1" port: 0 })"), more,
                       seconds(5));
  }
  // One call has the descriptor that those before it had; the next is refused if it would wait.
  grpc::Status waiting;
  std::thread waiter([&] {
    // Unless the other one came first.
    do {
      v1::ReceiveResponse nothing;
      waiting = sandbox.Call(&Stub::Receive,
                             R"(at { connection: "c0" } until { at_least: 1 } timeout_ms: 60000)", nothing);
    } while (DetailOf(waiting).reason() == v1::ERROR_REASON_LIMIT_REACHED);
  });
  EXPECT_TRUE(WaitUntil(kPatience, [&] {
    v1::ReceiveResponse nothing;
    status = sandbox.Call(&Stub::Receive, R"(at { connection: "c1" } until { at_least: 1 } timeout_ms: 1)",
                          nothing, seconds(5));
    return DetailOf(status).reason() == v1::ERROR_REASON_LIMIT_REACHED;
  })) << status.error_message();
  EXPECT_EQ(status.error_message(), "starting a call: the sandbox has no open file left for it");
  v1::CloseSandboxResponse ledger;
  const grpc::Status closed = sandbox.Close(ledger);
  EXPECT_TRUE(closed.ok()) << closed.error_message();
  EXPECT_TRUE(ledger.closed());
  EXPECT_GT(ledger.connections(), 10u);
  waiter.join();
  // Not there any more if it was about to come again just then.
  EXPECT_THAT(waiting.error_code(), AnyOf(grpc::StatusCode::ABORTED, grpc::StatusCode::NOT_FOUND))
      << waiting.error_message();
}

// Leaves the process no descriptor beside those that it has. Only its own user may lower the limit.
void TakeDescriptors(pid_t pid) {
  const std::string directory = absl::StrCat("/proc/", pid, "/fd/");
  int free = 0;
  while (std::filesystem::is_symlink(absl::StrCat(directory, free))) ++free;
  const std::string user = StatusField(pid, "Uid").substr(0, StatusField(pid, "Uid").find('\t'));
  const Outcome outcome = RunToEnd({"setpriv", "--reuid", user, "--regid", user, "--clear-groups", "prlimit",
                                    "--pid", absl::StrCat(pid), absl::StrCat("--nofile=", free)});
  ASSERT_EQ(outcome.status, 0) << outcome.output;
}

TEST(EndsTest, FrontOutOfDescriptorsClosesASandboxWithItsLedger) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "");
  v1::ListenResponse listening;
  const std::string listen = R"(name: "here" at { address: "127.0.0.1" port: 80 })";
  ASSERT_TRUE(sandbox.Call(&Stub::Listen, listen, listening).ok());
  TakeDescriptors(daemon.Front());
  const grpc::Status refused = sandbox.Call(&Stub::Listen, listen, listening);
  EXPECT_EQ(DetailOf(refused).reason(), v1::ERROR_REASON_LIMIT_REACHED) << refused.error_message();
  v1::CloseSandboxResponse ledger;
  const grpc::Status closed = sandbox.Close(ledger);
  EXPECT_TRUE(closed.ok()) << closed.error_message();
  EXPECT_EQ(ledger.servers(), 1u);
}

TEST(EndsTest, MoreOpenFilesThanThereMayBeAreRefused) {
  const Daemon daemon;
  const grpc::Status refused = RefusedToOpen(daemon, "limits { open_files: 1000000 }");
  EXPECT_EQ(DetailOf(refused).reason(), v1::ERROR_REASON_LIMIT_REACHED) << refused.error_message();
  EXPECT_EQ(DetailOf(refused).field(), "limits.open_files");
  EXPECT_THAT(refused.error_message(), HasSubstr("opening a sandbox with 1000000 open files: at most "));
}

TEST(EndsTest, NamesThatAreNotTextAreShownAndTheLedgerIsKept) {
  const Daemon daemon;
  OpenedSandbox sandbox(daemon, "");
  const std::string elf = MakeBpfElf("hook/\xff\xfe", {SetRegister(0, 0), Exit()});
  const v1::LoadedObject loaded = sandbox.Load("bytes", elf, R"(programs { program: "prog" type: "tc" })");
  ASSERT_EQ(loaded.programs_size(), 1);
  EXPECT_EQ(loaded.programs(0).section(), "hook/\\xff\\xfe");
  v1::LoadProgramRequest untyped;
  untyped.set_sandbox(sandbox.id());
  untyped.set_name("untyped");
  untyped.set_object(elf);
  v1::LoadProgramResponse response;
  const grpc::Status refused = sandbox.CallWith(&Stub::LoadProgram, untyped, response);
  EXPECT_EQ(refused.error_message(),
            "program \"prog\" is in section \"hook/\\xff\\xfe\", which does not tell libbpf its type");
  v1::CloseSandboxResponse ledger;
  ASSERT_TRUE(sandbox.Close(ledger).ok());
  EXPECT_EQ(ledger.programs_size(), 1);
}

}  // namespace
}  // namespace bpfrig::tests
