// Who may do what: read from /proc, and attempted for real.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <sstream>

#include "tests/e2e/rig.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kBpf = uint64_t{1} << CAP_BPF;
constexpr uint64_t kNetAdmin = uint64_t{1} << CAP_NET_ADMIN;
constexpr uint64_t kNetBindService = uint64_t{1} << CAP_NET_BIND_SERVICE;
constexpr uint64_t kPerfmon = uint64_t{1} << CAP_PERFMON;

uint64_t Capabilities(pid_t pid, const std::string& set) {
  return std::stoull(StatusField(pid, set), nullptr, 16);
}

void ExpectCapabilities(pid_t pid, uint64_t expected) {
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(Capabilities(pid, set), expected) << set << " of " << CommandLineOf(pid);
  }
}

std::string InNetns(pid_t pid, const std::vector<std::string>& command) {
  std::vector<std::string> argv = {"nsenter", "--net=/proc/" + std::to_string(pid) + "/ns/net"};
  argv.insert(argv.end(), command.begin(), command.end());
  return RunToEnd(argv).output;
}

// Two sandboxes, open at the same time, in the middle of a test.
class PrivilegeTest : public ::testing::Test {
 protected:
  void Start(const std::vector<std::string>& daemon_arguments) {
    daemon_ = std::make_unique<Daemon>(daemon_arguments);
    for (int i = 0; i < 2; ++i) {
      clients_.push_back(Subprocess::Start(RunCommand({"--target", daemon_->Target(), plan_.Path()})));
    }
    ASSERT_TRUE(WaitUntil(kPatience, [&] { return daemon_->Workers().size() == 2; }));
    workers_ = daemon_->Workers();
  }

  TemporaryFile plan_{"waiting.yaml", WaitingPlan()};
  std::unique_ptr<Daemon> daemon_;
  std::vector<Subprocess> clients_;
  std::vector<pid_t> workers_;
};

TEST_F(PrivilegeTest, FrontHasNoneAndWorkersOnlyWhatTestsNeed) {
  Start({});
  ExpectCapabilities(daemon_->Front(), 0);
  EXPECT_EQ(StatusField(daemon_->Front(), "NoNewPrivs"), "1");
  for (const pid_t worker : workers_) {
    ExpectCapabilities(worker, kBpf | kNetAdmin | kNetBindService | kPerfmon);
    EXPECT_EQ(StatusField(worker, "NoNewPrivs"), "1");
  }
}

TEST_F(PrivilegeTest, PerfmonCanBeLeftOut) {
  Start({"--no-perfmon"});
  for (const pid_t worker : workers_) ExpectCapabilities(worker, kBpf | kNetAdmin | kNetBindService);
}

TEST_F(PrivilegeTest, NoTwoProcessesShareAUser) {
  Start({});
  std::set<std::string> users = {StatusField(daemon_->Pid(), "Uid"), StatusField(daemon_->Front(), "Uid")};
  for (const pid_t worker : workers_) users.insert(StatusField(worker, "Uid"));
  EXPECT_EQ(users.size(), 4u);
}

// Its interfaces, one a line.
std::vector<std::string> Interfaces(pid_t pid) {
  std::istringstream table(InNetns(pid, {"cat", "/proc/net/dev"}));
  std::vector<std::string> names;
  for (std::string line; std::getline(table, line);) {
    if (line.find(':') == std::string::npos) continue;
    names.push_back(line.substr(0, line.find(':')));
    names.back().erase(0, names.back().find_first_not_of(' '));
  }
  return names;
}

TEST_F(PrivilegeTest, FrontAndWorkersAreUnderAFilterOfSystemCalls) {
  Start({});
  std::vector<pid_t> confined = workers_;
  confined.push_back(daemon_->Front());
  // The test may be under one itself, as in a container.
  const int inherited = std::stoi(StatusField(::getpid(), "Seccomp_filters"));
  EXPECT_EQ(std::stoi(StatusField(daemon_->Pid(), "Seccomp_filters")), inherited);
  for (const pid_t pid : confined) {
    // A worker is there before it has installed its own.
    EXPECT_TRUE(WaitUntil(kPatience, [&] {
      return std::stoi(StatusField(pid, "Seccomp_filters")) == inherited + 1;
    })) << CommandLineOf(pid);
    EXPECT_EQ(StatusField(pid, "Seccomp"), "2") << "SECCOMP_MODE_FILTER";
  }
}

TEST_F(PrivilegeTest, FrontHasANetworkNamespaceWithNothingInIt) {
  Start({});
  const auto netns = [](pid_t pid) {
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/ns/net").string();
  };
  const pid_t front = daemon_->Front();
  EXPECT_NE(netns(front), netns(::getpid()));
  for (const pid_t worker : workers_) EXPECT_NE(netns(front), netns(worker));
  EXPECT_THAT(Interfaces(front), ElementsAre("lo"));
  // `lo` is down: not even a loopback address can be reached.
  EXPECT_THAT(InNetns(front, {"cat", "/proc/net/route"}), IsEmpty());
}

TEST_F(PrivilegeTest, SandboxHasLoopbackAloneAndNoRouteOut) {
  Start({});
  for (const pid_t worker : workers_) {
    EXPECT_THAT(Interfaces(worker), ElementsAre("lo"));
    // The main table is empty: what can be reached is local, and 192.0.2.1, a documentation address, is not.
    // A worker is there before its sandbox is open: until `lo` is up, the file lacks even its header (6.18).
    std::string table;
    ASSERT_TRUE(WaitUntil(kPatience, [&] {
      table = InNetns(worker, {"cat", "/proc/net/route"});
      return !table.empty();
    }));
    std::istringstream routes(table);
    std::string header;
    std::string route;
    std::getline(routes, header);
    EXPECT_THAT(header, HasSubstr("Iface"));
    EXPECT_FALSE(std::getline(routes, route)) << route;
  }
}

TEST_F(PrivilegeTest, WorkerCanNeitherSignalItsNeighbourNorReadItsMemory) {
  Start({});
  const std::string uid =
      StatusField(workers_[0], "Uid").substr(0, StatusField(workers_[0], "Uid").find('\t'));
  const std::string neighbour = std::to_string(workers_[1]);
  const std::vector<std::string> as_worker = {"setpriv",
                                              "--reuid=" + uid,
                                              "--regid=" + uid,
                                              "--clear-groups",
                                              "--no-new-privs",
                                              "--inh-caps=-all,+bpf,+net_admin,+perfmon",
                                              "--ambient-caps=-all,+bpf,+net_admin,+perfmon",
                                              "--bounding-set=-all,+bpf,+net_admin,+perfmon"};
  const auto attempt = [&](const std::string& shell) {
    std::vector<std::string> argv = as_worker;
    for (const std::string& word : {std::string("sh"), std::string("-c"), shell}) argv.push_back(word);
    return RunToEnd(argv);
  };
  const Outcome allowed = attempt("kill -0 $$ && echo allowed");
  ASSERT_THAT(allowed.output, HasSubstr("allowed")) << "the attempts below would prove nothing";
  EXPECT_THAT(attempt("kill -0 " + neighbour).output, HasSubstr("ot permitted"));
  EXPECT_THAT(attempt("head -c 1 /proc/" + neighbour + "/mem").output, HasSubstr("ermission denied"));
  EXPECT_THAT(attempt("ls /proc/" + neighbour + "/fd").output, HasSubstr("ermission denied"));
  EXPECT_THAT(attempt("unshare --net true").output, HasSubstr("ot permitted"));
}

}  // namespace
}  // namespace bpfrig::tests
