// bpfrigd's own command line, with the front's double and the real worker.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "tests/supervisor/rig.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBinary[] = BPFRIG_BIN "/bpfrigd";

// A pipe whose `inherited` end a child gets.
struct Pipe {
  explicit Pipe(bool pass_write_end) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    own = common::Fd(ends[pass_write_end ? 0 : 1]);
    inherited = common::Fd(ends[pass_write_end ? 1 : 0]);
    EXPECT_EQ(::fcntl(inherited.Get(), F_SETFD, 0), 0);
  }
  common::Fd own;
  common::Fd inherited;
};

class CommandTest : public ::testing::Test {
 protected:
  std::vector<std::string> Command(std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {kBinary, "--listen", directory_.Address(), "--front",
                                     BPFRIG_BIN "/supervisor_double"};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }

  SocketDirectory directory_;
};

TEST_F(CommandTest, TellsItsVersion) {
  const Outcome outcome = RunToEnd({kBinary, "--version"});
  EXPECT_EQ(outcome.status, 0);
  // A build from a clone knows its commit.
  EXPECT_THAT(outcome.output, ::testing::MatchesRegex("bpfrigd " BPFRIG_VERSION "( \\([0-9a-f]+\\))?\n"));
}

TEST_F(CommandTest, HelpDoesNotShowTheWorkersMode) {
  const Outcome outcome = RunToEnd({kBinary, "--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, HasSubstr("--listen"));
  EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr("runs-counted")));
}

TEST_F(CommandTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(RunToEnd({kBinary, "--no-such-option"}).status, 2);
  EXPECT_EQ(RunToEnd({kBinary, "--log-level", "loud"}).status, 2);
  EXPECT_EQ(RunToEnd({kBinary, "--max-sandboxes", "0"}).status, 2);
  EXPECT_EQ(RunToEnd({kBinary, "worker"}).status, 2);
}

TEST_F(CommandTest, FailuresToStartExitWithOneAndSayWhy) {
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{"--listen", "127.0.0.1:7070"}, "is not an address to listen at: write unix:PATH"},
      {{"--listen", "unix:/no/such/directory/x.sock"},
       "looking up the socket's directory /no/such/directory: No such file or directory"},
      {{"--group", "no-such-group-here"}, "there is no group no-such-group-here"},
      {{"--uid-base", "4294967295"}, "--uid-base 4294967295: leaves no room"},
      {{"--ready-fd", "1000"}, "taking over file descriptor 1000: Bad file descriptor"},
      {{"worker", "--number", "1"}, "only bpfrigd starts workers"},
  };
  for (const Case& item : cases) {
    std::vector<std::string> argv = {kBinary};
    argv.insert(argv.end(), item.arguments.begin(), item.arguments.end());
    const Outcome outcome = RunToEnd(argv);
    EXPECT_EQ(outcome.status, 1) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(item.message));
  }
}

TEST_F(CommandTest, OptionsComeFromTheEnvironmentToo) {
  const std::string token = "0123456789abcdef";
  Subprocess daemon =
      Subprocess::Start({"env", "BPFRIGD_LISTEN=" + directory_.Address(),
                         "BPFRIGD_FRONT=" BPFRIG_BIN "/supervisor_double", "BPFRIGD_LISTEN_TCP=0.0.0.0:0",
                         "BPFRIGD_TOKEN=" + token, "BPFRIGD_UNENCRYPTED_ON_PRIVATE_NETWORK=true", kBinary});
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience)) << daemon.Output();
  EXPECT_THAT(daemon.Output(), HasSubstr("listening at 0.0.0.0:"));
  EXPECT_THAT(daemon.Output(), HasSubstr(", for callers with a token, not encrypted"));
  FrontHandle front(directory_.SocketPath());
  EXPECT_EQ(front.Receive().credentials().token(), token);
  daemon.Signal(SIGTERM);
  const Outcome outcome = daemon.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr(token)));
}

TEST_F(CommandTest, LeavesNothingWhenTheFrontIsMissing) {
  const Outcome outcome = RunToEnd({kBinary, "--listen", directory_.Address(), "--front", "/no/such/front"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output,
              HasSubstr("opening /no/such/front: No such file or directory (name the front's binary "
                        "with --front; `bpfrigd doctor`"));
  EXPECT_TRUE(fs::is_empty(directory_.path()));
  EXPECT_THAT(InstanceDirectories(), IsEmpty());
}

TEST_F(CommandTest, WithoutPrivilegeSaysWhichIsMissing) {
  const Outcome ordinary = RunToEnd({"setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", kBinary,
                                     "--listen", directory_.Address()});
  EXPECT_EQ(ordinary.status, 1);
  EXPECT_THAT(ordinary.output, HasSubstr("needs CAP_SYS_ADMIN for making network namespaces, CAP_SETUID"));
  EXPECT_THAT(ordinary.output,
              HasSubstr("run as root, or in a container with cap_add: [SYS_ADMIN, SETUID, SETGID, "
                        "BPF, NET_ADMIN, NET_BIND_SERVICE, PERFMON]"));
  const Outcome one = RunToEnd(
      {"setpriv", "--bounding-set=-perfmon", "--inh-caps=-all", kBinary, "--listen", directory_.Address()});
  EXPECT_EQ(one.status, 1);
  EXPECT_THAT(one.output, HasSubstr("needs CAP_PERFMON for BPF helpers"));
  EXPECT_THAT(one.output, HasSubstr("`bpfrigd doctor` with the same options says more"));
}

TEST_F(CommandTest, WorksWithTheCapabilitiesOfAContainer) {
  // What compose.yaml grants, and what making a cgroup in the machine's own tree (0555) takes.
  std::vector<std::string> argv = {"setpriv", "--inh-caps=-all",
                                   "--bounding-set=-all,+bpf,+net_admin,+net_bind_service,+sys_admin,+"
                                   "perfmon,+dac_override,+setuid,+setgid"};
  const std::vector<std::string> command = Command();
  argv.insert(argv.end(), command.begin(), command.end());
  Subprocess daemon = Subprocess::Start(argv);
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience)) << daemon.Wait(kPatience).output;
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  EXPECT_TRUE(front.Spawn(1, &channel).has_spawned());
  front.Kill(1);
  EXPECT_EQ(front.Receive().exited().signal(), SIGKILL);
  front.Command('d');
  daemon.Signal(SIGTERM);
  const Outcome outcome = daemon.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(CommandTest, TellsWhenItIsReady) {
  Pipe ready(true);
  Subprocess daemon = Subprocess::Start(Command({"--ready-fd", absl::StrCat(ready.inherited.Get())}));
  ready.inherited.Close();
  ASSERT_TRUE(BecomesReadable(ready.own));
  std::array<char, 8> bytes{};
  EXPECT_EQ(::read(ready.own.Get(), bytes.data(), bytes.size()), 1);
  EXPECT_EQ(::read(ready.own.Get(), bytes.data(), bytes.size()), 0) << "and closes it: nobody else has it";
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

TEST_F(CommandTest, EndsWithItsLifelineAndTakesItsPrivateDirectoryAlong) {
  Pipe lifeline(false);
  Subprocess daemon =
      Subprocess::Start(Command({"--lifeline-fd", absl::StrCat(lifeline.inherited.Get()), "--private"}));
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience));
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
  lifeline.inherited.Close();
  lifeline.own.Close();
  const Outcome outcome = daemon.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("ending with the process that started this daemon"));
  EXPECT_FALSE(fs::exists(directory_.path()));
}

TEST_F(CommandTest, SocketBelongsToTheGroup) {
  const group* nogroup = ::getgrnam("nogroup");
  ASSERT_NE(nogroup, nullptr);
  const gid_t gid = nogroup->gr_gid;
  Subprocess daemon = Subprocess::Start(Command({"--group", "nogroup"}));
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience));
  struct stat info {};
  ASSERT_EQ(::stat(directory_.SocketPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_gid, gid);
  EXPECT_EQ(info.st_uid, uid_t{0});
  EXPECT_EQ(info.st_mode, mode_t{S_IFSOCK | 0660});
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

TEST_F(CommandTest, RefusesToAllowWhatThereIsNot) {
  const Outcome outcome = RunToEnd(Command({"--allow-load", "kfunc:bpf_task_from_pit"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.output,
              HasSubstr("--allow-load kfunc:bpf_task_from_pit: there is no such thing to allow; the nearest: "
                        "kfunc:bpf_task_from_pid, "));
  std::vector<std::string> by_variable = Command();
  by_variable.insert(by_variable.begin(),
                     {"env", "BPFRIGD_ALLOW_LOAD=program-type:syscall,program-type:kprobes"});
  EXPECT_THAT(RunToEnd(by_variable).output, HasSubstr("program-type:kprobe, "));
}

TEST_F(CommandTest, RealWorkerRunsAndEndsWithItsChannel) {
  Subprocess daemon =
      Subprocess::Start(Command({"--no-perfmon", "--allow-load", "program-type:syscall,map-type:struct_ops",
                                 "--allow-load", "kfunc:bpf_task_from_pid"}));
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience));
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
  const auto find_worker = [&] {
    for (const pid_t pid : DescendantsOf(daemon.Pid())) {
      if (CommandLineOf(pid).find("worker --number 1") != std::string::npos) return pid;
    }
    return pid_t{-1};
  };
  const pid_t worker = find_worker();
  ASSERT_GT(worker, 0);
  EXPECT_TRUE(WaitUntil(kPatience, [&] { return StatusField(worker, "Name") == "bpfrig-worker"; }))
      << StatusField(worker, "Name");
  EXPECT_THAT(CommandLineOf(worker),
              HasSubstr("--allow-load program-type:syscall,map-type:struct_ops,kfunc:bpf_task_from_pid"));
  EXPECT_EQ(StatusField(worker, "CapEff"), "0000008000001400") << "BPF, NET_ADMIN and NET_BIND_SERVICE";
  channel.Close();
  const internal::v1::ControlReply reply = front.Receive();
  EXPECT_EQ(reply.exited().worker(), 1u);
  EXPECT_EQ(reply.exited().signal(), 0);
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

}  // namespace
}  // namespace bpfrig::tests
