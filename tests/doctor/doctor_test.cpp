// The built `bpfrigd doctor`, with everything and with one thing missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/testing/temporary_directory.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kBinary[] = BPFRIG_BIN "/bpfrigd";
constexpr char kRefuseCalls[] = BPFRIG_BIN "/refuse_calls";
constexpr std::chrono::seconds kPatience{10};

using Arguments = std::vector<std::string>;

class DoctorTest : public ::testing::Test {
 protected:
  ~DoctorTest() override { EXPECT_TRUE(fs::is_empty(directory_)) << "the doctor left something there"; }

  // Runs the doctor under `wrapper`, a command that takes a command.
  Outcome Ask(const Arguments& wrapper = {}, const Arguments& options = {}) const {
    Arguments argv = wrapper;
    argv.insert(argv.end(), {kBinary, "doctor", "--listen", "unix:" + (directory_ / "rig.sock").string()});
    argv.insert(argv.end(), options.begin(), options.end());
    return RunToEnd(argv);
  }

  static Arguments Without(const std::string& capability) {
    return {"setpriv", "--inh-caps=-all", "--bounding-set=-" + capability};
  }

  const common::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
};

// The lines with that verdict, which is cut off.
std::vector<std::string> Lines(const std::string& report, const std::string& verdict) {
  std::vector<std::string> lines;
  std::istringstream text(report);
  for (std::string line; std::getline(text, line);) {
    if (line.rfind(verdict + "  ", 0) == 0) lines.push_back(line.substr(6));
  }
  return lines;
}
std::vector<std::string> Failures(const Outcome& outcome) { return Lines(outcome.output, "FAIL"); }

TEST_F(DoctorTest, FindsNothingMissingHere) {
  const Outcome outcome = Ask();
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(Failures(outcome), IsEmpty());
  EXPECT_THAT(Lines(outcome.output, "skip"), IsEmpty()) << "everything was tried";
  EXPECT_THAT(outcome.output, HasSubstr("\nnothing is missing\n"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("\x1b"))) << "no colours";
}

TEST_F(DoctorTest, LeavesTheNetworkAsItIs) {
  // The test's own network namespace, in which `lo` is down and so has no IPv6 address.
  const char* script = "\"$@\" && cat /proc/net/if_inet6";
  const Outcome outcome = Ask({"unshare", "--net", "sh", "-c", script, "sh"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, EndsWith("\nnothing is missing\n"));
}

TEST_F(DoctorTest, NamesTheOneCapabilityThatIsMissing) {
  for (const char* name :
       {"SYS_ADMIN", "SETUID", "SETGID", "BPF", "NET_ADMIN", "NET_BIND_SERVICE", "PERFMON"}) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    const Outcome outcome = Ask(Without(lower));
    EXPECT_EQ(outcome.status, 1) << outcome.output;
    EXPECT_THAT(Failures(outcome),
                ElementsAre(AllOf(StartsWith(std::string("CAP_") + name), HasSubstr("missing"))))
        << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(std::string("cap_add: [") + name + "]"));
    EXPECT_THAT(outcome.output, HasSubstr("\n1 thing is missing\n"));
  }
}

TEST_F(DoctorTest, PerfmonIsNotMissedWithNoPerfmon) {
  const Outcome outcome = Ask(Without("perfmon"), {"--no-perfmon"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST_F(DoctorTest, CapabilitiesOfAContainerAreEnough) {
  const Outcome outcome = Ask({"setpriv", "--inh-caps=-all",
                               "--bounding-set=-all,+bpf,+net_admin,+net_bind_service,+sys_admin,+perfmon,+"
                               "dac_override,+setuid,+setgid"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

// Whether maps count against RLIMIT_MEMLOCK, as they did before Linux 5.11.
bool MapsAreLockedMemory() {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit low{.rlim_cur = 65536, .rlim_max = 65536};
    bpf_attr array{};
    array.map_type = BPF_MAP_TYPE_ARRAY;
    array.key_size = 4;
    array.value_size = 4096;
    array.max_entries = 256;
    if (::setrlimit(RLIMIT_MEMLOCK, &low) != 0) ::_exit(2);
    ::_exit(::syscall(SYS_bpf, BPF_MAP_CREATE, &array, sizeof(array)) < 0 ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2) << status;
  return WEXITSTATUS(status) == 1;
}

TEST_F(DoctorTest, NamesASysThatIsNotThere) {
  const Arguments wrapper = {"unshare", "--mount", "sh", "-c", "mount -t tmpfs none /sys && exec \"$@\"",
                             "sh"};
  const Outcome outcome = Ask(wrapper);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(Failures(outcome), ElementsAre(StartsWith("sysfs"))) << outcome.output;
}

TEST_F(DoctorTest, NamesALowLimitOfLockedMemory) {
  Arguments wrapper = {"prlimit", "--memlock=65536:65536"};
  const Arguments without = Without("sys_resource");
  wrapper.insert(wrapper.end(), without.begin(), without.end());
  const Outcome outcome = Ask(wrapper);
  if (!MapsAreLockedMemory()) {
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    GTEST_SKIP() << "this kernel does not count maps as locked memory";
  }
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(Failures(outcome),
              ElementsAre(AllOf(StartsWith("BPF map"), HasSubstr("more than RLIMIT_MEMLOCK"))));
  EXPECT_THAT(outcome.output, HasSubstr("ulimits: {memlock: -1}"));
  EXPECT_THAT(Lines(outcome.output, "warn"), Not(Contains(StartsWith("ringbuf")))) << "it is there";
}

TEST_F(DoctorTest, NamesSeveralAtOnceAndGrantsThemTogether) {
  const Outcome outcome = Ask(Without("bpf,-setgid"));
  EXPECT_THAT(Failures(outcome), ElementsAre(StartsWith("CAP_SETGID"), StartsWith("CAP_BPF")));
  EXPECT_THAT(outcome.output, HasSubstr("cap_add: [SETGID, BPF]"));
  EXPECT_THAT(outcome.output, HasSubstr("\n2 things are missing\n"));
}

TEST_F(DoctorTest, BlamesSeccompForWhatItRefuses) {
  struct Case {
    const char* how;
    const char* call;
  };
  for (const Case& item :
       {Case{"EPERM", "bpf"}, Case{"EPERM", "clone3"}, Case{"ENOSYS", "clone3"}, Case{"EPERM", "execveat"},
        Case{"EPERM", "memfd_create"}, Case{"EPERM", "seccomp"}}) {
    const Outcome outcome = Ask({kRefuseCalls, item.how, item.call});
    EXPECT_EQ(outcome.status, 1) << outcome.output;
    const std::string expected =
        std::string("the seccomp filter refuses ") + item.call + " (" + item.how + ")";
    EXPECT_THAT(Failures(outcome), ElementsAre(AllOf(StartsWith("seccomp"), HasSubstr(expected))))
        << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr("security_opt: [\"seccomp=unconfined\"]"));
  }
}

// What the doctor warned of: rather none than one whose processes may do everything.
TEST_F(DoctorTest, TheDaemonDoesNotStartIfItCannotConfineItsFront) {
  const Outcome outcome = RunToEnd(
      {kRefuseCalls, "EPERM", "seccomp", kBinary, "--listen", "unix:" + (directory_ / "rig.sock").string()});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("installing the system call filter: Operation not permitted"));
  EXPECT_THAT(outcome.output, HasSubstr("seccomp profile must allow the call seccomp"));
}

TEST_F(DoctorTest, SurvivesAFilterThatKills) {
  for (const char* call : {"bpf", "clone3", "execveat", "fsopen", "seccomp", "memfd_create"}) {
    const Outcome outcome = Ask({kRefuseCalls, "kill", call});
    // fsopen is not needed if a cgroup2 mount can be written.
    const int expected = std::string(call) == "fsopen" ? 0 : 1;
    EXPECT_EQ(outcome.status, expected) << outcome.output;
    EXPECT_EQ(outcome.signal, 0);
    const std::vector<std::string> failures = Failures(outcome);
    EXPECT_EQ(failures.size(), static_cast<size_t>(expected)) << outcome.output;
    for (const std::string& failure : failures)
      EXPECT_THAT(failure, HasSubstr(std::string(call) + " (SIGSYS)"));
  }
}

// As in a container: the mounts of cgroup2 are read-only.
Arguments WithReadOnlyCgroups(const Arguments& wrapper) {
  const char* script =
      "for mount in $(findmnt -n -o TARGET -t cgroup2); do mount -o bind,ro \"$mount\" \"$mount\" || exit 9; "
      "done; "
      "exec \"$@\"";
  Arguments argv = {"unshare", "--mount", "sh", "-c", script, "sh"};
  argv.insert(argv.end(), wrapper.begin(), wrapper.end());
  return argv;
}

TEST_F(DoctorTest, UsesItsOwnMountWhenTheMachinesIsReadOnly) {
  const Outcome outcome = Ask(WithReadOnlyCgroups({}));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("one in the daemon's own cgroup2 mount"));
}

TEST_F(DoctorTest, BlamesSeccompForTheMountWhenItIsNeeded) {
  const Outcome outcome = Ask(WithReadOnlyCgroups({kRefuseCalls, "EPERM", "fsopen"}));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(Failures(outcome), ElementsAre(HasSubstr("the seccomp filter refuses fsopen (EPERM)")))
      << outcome.output;
  EXPECT_EQ(Ask({kRefuseCalls, "EPERM", "fsopen"}).status, 0);
}

TEST_F(DoctorTest, CgroupRootTakesDacOverride) {
  const Outcome outcome = Ask(WithReadOnlyCgroups(Without("dac_override")));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(Failures(outcome), ElementsAre(StartsWith("CAP_DAC_OVERRIDE"))) << outcome.output;
}

TEST_F(DoctorTest, KnowsAUserNamespaceThatIsNotTheMachines) {
  const Outcome outcome = Ask({"unshare", "--user", "--map-root-user"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(Failures(outcome), ElementsAre(StartsWith("user namespace"), StartsWith("user ids")))
      << outcome.output;
}

TEST_F(DoctorTest, TellsAnOrdinaryUserToBeRoot) {
  const Outcome outcome = Ask({"setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(Failures(outcome), ElementsAre(StartsWith("user "))) << outcome.output;
}

TEST_F(DoctorTest, AsksTheDaemonsOwnQuestion) {
  EXPECT_THAT(Failures(Ask({}, {"--uid-base", "4294967295"})), ElementsAre(HasSubstr("leaves no room")));
  EXPECT_THAT(Failures(Ask({}, {"--front", "/no/such/front"})),
              ElementsAre(HasSubstr("opening /no/such/front")));
  EXPECT_THAT(Failures(Ask({}, {"--front", "/bin/false"})), ElementsAre(HasSubstr("ended with status 1")));
  EXPECT_THAT(Failures(Ask({}, {"--group", "no-such-group-here"})),
              ElementsAre(HasSubstr("there is no group")));
  EXPECT_EQ(RunToEnd({kBinary, "doctor", "--no-such-option"}).status, 2);
}

TEST_F(DoctorTest, DoesNotDisturbADaemonThatServes) {
  const std::string address = "unix:" + (directory_ / "rig.sock").string();
  Subprocess daemon = Subprocess::Start({kBinary, "--listen", address});
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience));
  const Outcome outcome = Ask();
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("is served already, by process " + std::to_string(daemon.Pid())));
  EXPECT_TRUE(fs::exists(directory_ / "rig.sock"));
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

TEST_F(DoctorTest, TrialIsNotForUseByHand) {
  const Outcome outcome = RunToEnd({kBinary, "trial"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("only `bpfrigd doctor` starts trials"));
  EXPECT_THAT(RunToEnd({kBinary, "--help"}).output, AllOf(HasSubstr("doctor"), Not(HasSubstr("trial"))));
}

// A socket's file without its socket, as a daemon that was killed leaves it.
void LeaveSocket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::strcpy(address.sun_path, path.c_str());
  const common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(socket.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
}

TEST_F(DoctorTest, ListsASocketThatNobodyServes) {
  const Outcome clean = Ask({}, {"--leaks"});
  EXPECT_EQ(clean.status, 0) << clean.output;
  EXPECT_THAT(clean.output, EndsWith("nothing is left behind\n"));
  const std::string socket = directory_ / "rig.sock";
  LeaveSocket(socket);
  std::ofstream(socket + ".lock") << "";
  const Outcome left = Ask({}, {"--leaks"});
  EXPECT_EQ(left.status, 1) << left.output;
  EXPECT_THAT(Lines(left.output, "left"),
              ElementsAre("socket      " + socket + ": nobody serves it",
                          "lock        " + socket + ".lock: nobody serves its socket"));
  EXPECT_THAT(left.output, EndsWith("2 things are left behind\n"));
  fs::remove(socket);
  fs::remove(socket + ".lock");
}

}  // namespace
}  // namespace bpfrig::tests
