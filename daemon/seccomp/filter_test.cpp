// Tries calls under both filters. Below each lies a filter of the test's own, which answers every call tried
// with EUCLEAN: so none reaches the kernel, whatever it would do there, and a filter that lets one through is
// told from a kernel that refuses it. Of two filters that answer with an error, the later one is heard.
#include "daemon/seccomp/filter.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <set>
#include <string>

#include "absl/strings/str_join.h"

namespace bpfrig::seccomp {
namespace {

constexpr int kAllowed = EUCLEAN;

struct Attempt {
  std::string name;
  int call;
  std::array<uint64_t, 5> arguments;
  int worker;
  int front;
};

#define CALL(name) #name, SCMP_SYS(name)

// Refused whatever the arguments, to both.
std::vector<Attempt> RefusedAltogether() {
  std::vector<Attempt> attempts;
  const auto refuse = [&](const std::string& name, int call, int error = EPERM) {
    attempts.push_back({.name = name, .call = call, .arguments = {}, .worker = error, .front = error});
  };
#ifndef BPFRIG_SANITIZED
  refuse(CALL(ptrace));
  refuse(CALL(process_vm_readv));
  refuse(CALL(execve));
#endif
  refuse(CALL(process_vm_writev));
  refuse(CALL(pidfd_getfd));
  refuse(CALL(execveat));
  refuse(CALL(unshare));
  refuse(CALL(setns));
  refuse(CALL(clone3), ENOSYS);
  refuse(CALL(mount));
  refuse(CALL(umount2));
  refuse(CALL(pivot_root));
  refuse(CALL(chroot));
  refuse(CALL(fsopen));
  refuse(CALL(fsconfig));
  refuse(CALL(fsmount));
  refuse(CALL(fspick));
  refuse(CALL(move_mount));
  refuse(CALL(open_tree));
  refuse("open_tree_attr", 467);
  refuse(CALL(mount_setattr));
  refuse(CALL(kexec_load));
  refuse(CALL(kexec_file_load));
  refuse(CALL(init_module));
  refuse(CALL(finit_module));
  refuse(CALL(delete_module));
  refuse(CALL(keyctl));
  refuse(CALL(add_key));
  refuse(CALL(request_key));
  refuse(CALL(userfaultfd));
  refuse(CALL(io_uring_setup));
  refuse(CALL(io_uring_enter));
  refuse(CALL(io_uring_register));
  return attempts;
}

constexpr uint64_t kUpperHalf = uint64_t{1} << 32;

std::vector<Attempt> OfNamespaces() {
  std::vector<Attempt> attempts = {{CALL(clone), {SIGCHLD}, kAllowed, kAllowed},
                                   {CALL(clone), {CLONE_VM | CLONE_THREAD}, kAllowed, kAllowed}};
  for (const uint64_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
                              CLONE_NEWPID, CLONE_NEWNET}) {
    attempts.push_back({CALL(clone), {flag | SIGCHLD}, EPERM, EPERM});
  }
  return attempts;
}

std::vector<Attempt> OfBpf() {
  std::vector<Attempt> attempts;
  for (const uint64_t command :
       {BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID, BPF_BTF_GET_NEXT_ID, BPF_LINK_GET_NEXT_ID,
        BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID, BPF_BTF_GET_FD_BY_ID, BPF_LINK_GET_FD_BY_ID, BPF_OBJ_PIN,
        BPF_OBJ_GET, BPF_ITER_CREATE, BPF_RAW_TRACEPOINT_OPEN}) {
    attempts.push_back({CALL(bpf), {command}, EPERM, EPERM});
    attempts.push_back({CALL(bpf), {command | kUpperHalf}, EPERM, EPERM});
  }
  for (const uint64_t command : {BPF_PROG_LOAD, BPF_MAP_CREATE, BPF_BTF_LOAD, BPF_MAP_UPDATE_ELEM,
                                 BPF_LINK_CREATE, BPF_PROG_TEST_RUN, BPF_OBJ_GET_INFO_BY_FD}) {
    attempts.push_back({CALL(bpf), {command}, kAllowed, EPERM});
  }
  return attempts;
}

std::vector<Attempt> OfSockets() {
  constexpr uint64_t kVsock = 40;
  std::vector<Attempt> attempts = {
      {CALL(socket), {AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG}, kAllowed, EPERM},
      {CALL(socket), {AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG}, kAllowed, EPERM},
      {CALL(socket), {AF_NETLINK | kUpperHalf, SOCK_RAW, NETLINK_ROUTE}, EPERM, EPERM},
      {CALL(socket), {AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG | kUpperHalf}, EPERM, EPERM},
      {CALL(socketpair), {AF_UNIX, SOCK_STREAM}, kAllowed, kAllowed},
      {CALL(socketpair), {AF_INET, SOCK_STREAM}, EPERM, EPERM}};
  for (uint64_t protocol = 0; protocol <= 32; ++protocol) {
    if (protocol == NETLINK_SOCK_DIAG) continue;
    attempts.push_back({CALL(socket), {AF_NETLINK, SOCK_RAW, protocol}, EPERM, EPERM});
  }
  for (const uint64_t family : {AF_UNIX, AF_INET, AF_INET6}) {
    attempts.push_back({CALL(socket), {family, SOCK_STREAM}, kAllowed, EPERM});
  }
  for (const uint64_t family : {uint64_t{AF_KEY}, uint64_t{AF_PACKET}, uint64_t{AF_ALG}, kVsock}) {
    attempts.push_back({CALL(socket), {family, SOCK_RAW}, EPERM, EPERM});
    attempts.push_back({CALL(socket), {family | kUpperHalf, SOCK_RAW}, EPERM, EPERM});
  }
  return attempts;
}

// An event of a CPU for all processes, by itself; none of one process, of a group or of a cgroup.
std::vector<Attempt> OfPerfEvents() {
  constexpr uint64_t kNone = 0xffffffff;  // an int of -1, with anything above
  constexpr uint64_t kFlags = PERF_FLAG_FD_CLOEXEC;
  return {{CALL(perf_event_open), {0, kNone, 1, kNone, kFlags}, kAllowed, EPERM},
          {CALL(perf_event_open), {0, UINT64_MAX, 0, UINT64_MAX, kFlags}, kAllowed, EPERM},
          {CALL(perf_event_open), {0, 0, 1, kNone, kFlags}, EPERM, EPERM},
          {CALL(perf_event_open), {0, 4711, 1, kNone, kFlags}, EPERM, EPERM},
          {CALL(perf_event_open), {0, 4711 | kUpperHalf, 1, kNone, kFlags}, EPERM, EPERM},
          {CALL(perf_event_open), {0, kNone, 1, 3, kFlags}, EPERM, EPERM},
          {CALL(perf_event_open), {0, kNone, 1, kNone, 0}, EPERM, EPERM},
          {CALL(perf_event_open), {0, kNone, 1, kNone, kFlags | PERF_FLAG_PID_CGROUP}, EPERM, EPERM}};
}

std::vector<Attempt> OfOtherProcessors() {
#ifdef __x86_64__
  // x32's numbers: the calls of 64-bit programs with one bit more.
  constexpr int kX32 = 0x40000000;
  return {{"x32 socket", SCMP_SYS(socket) | kX32, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, EPERM, EPERM}};
#else
  return {};
#endif
}

std::vector<Attempt> AllAttempts() {
  std::vector<Attempt> all = RefusedAltogether();
  for (const auto& some : {OfNamespaces(), OfBpf(), OfSockets(), OfPerfEvents(), OfOtherProcessors()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// Answers every call of the attempts.
absl::StatusOr<common::Fd> MakeNet(const std::vector<Attempt>& attempts) {
  std::vector<Refusal> refusals;
  std::set<int> calls;
  for (const Attempt& attempt : attempts) {
    if (attempt.call >= 0x40000000 || !calls.insert(attempt.call).second) continue;
    refusals.push_back({.call = attempt.call, .error = kAllowed, .when = {}});
  }
  return MakeFilter(refusals);
}

// In a child: what each attempt answers under both filters; empty if they could not be installed.
std::vector<int> Try(const std::vector<Attempt>& attempts, const common::Fd& filter) {
  const absl::StatusOr<common::Fd> net = MakeNet(attempts);
  EXPECT_TRUE(net.ok()) << net.status();
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const common::Fd read_end(ends[0]);
  common::Fd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!InstallFilter(*net).ok() || !InstallFilter(filter).ok()) ::_exit(1);
    for (const Attempt& attempt : attempts) {
      const std::array<uint64_t, 5>& arguments = attempt.arguments;
      errno = 0;
      (void)::syscall(attempt.call, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], 0);
      const int answer = errno;
      if (::write(write_end.Get(), &answer, sizeof(answer)) != sizeof(answer)) ::_exit(1);
    }
    ::_exit(0);
  }
  write_end.Close();
  std::vector<int> answers;
  for (int answer = 0; ::read(read_end.Get(), &answer, sizeof(answer)) == sizeof(answer);) {
    answers.push_back(answer);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  return answers;
}

class FilterTest : public ::testing::Test {
 protected:
  void ExpectAnswers(const std::vector<Refusal>& refusals, int Attempt::*expected) {
    const absl::StatusOr<common::Fd> filter = MakeFilter(refusals);
    ASSERT_TRUE(filter.ok()) << filter.status();
    const std::vector<Attempt> attempts = AllAttempts();
    const std::vector<int> answers = Try(attempts, *filter);
    ASSERT_EQ(answers.size(), attempts.size());
    for (size_t i = 0; i < attempts.size(); ++i) {
      EXPECT_EQ(answers[i], attempts[i].*expected)
          << attempts[i].name << " " << absl::StrJoin(attempts[i].arguments, " ");
    }
  }
};

TEST_F(FilterTest, WorkerGetsWhatTestsNeed) { ExpectAnswers(RefusedToWorkers(), &Attempt::worker); }

TEST_F(FilterTest, FrontGetsLess) { ExpectAnswers(RefusedToFront(), &Attempt::front); }

TEST_F(FilterTest, ReaderGetsNothingThatReachesFurther) {
  const absl::StatusOr<common::Fd> filter = MakeFilterOfAllowed(AllowedToReaders());
  ASSERT_TRUE(filter.ok()) << filter.status();
  std::vector<Attempt> attempts;
  const auto expect = [&](const std::string& name, int call, int answer) {
    attempts.push_back({.name = name, .call = call, .arguments = {}, .worker = answer, .front = answer});
  };
  expect(CALL(open), EPERM);
  expect(CALL(openat), EPERM);
  expect(CALL(unlink), EPERM);
  expect(CALL(rename), EPERM);
  expect(CALL(chmod), EPERM);
  expect(CALL(socket), EPERM);
  expect(CALL(kill), EPERM);
  expect(CALL(tgkill), EPERM);
  expect(CALL(clone), EPERM);
  expect(CALL(execve), EPERM);
  expect(CALL(ptrace), EPERM);
  expect(CALL(prlimit64), EPERM);
  expect(CALL(bpf), EPERM);
  expect(CALL(mremap), kAllowed);
  expect(CALL(lseek), kAllowed);
  expect(CALL(getrandom), kAllowed);
  const std::vector<int> answers = Try(attempts, *filter);
  ASSERT_EQ(answers.size(), attempts.size());
  for (size_t i = 0; i < attempts.size(); ++i) EXPECT_EQ(answers[i], attempts[i].worker) << attempts[i].name;
}

TEST_F(FilterTest, WithoutAListNothingIsRefused) {
  const absl::StatusOr<common::Fd> filter = MakeFilter({});
  ASSERT_TRUE(filter.ok()) << filter.status();
  std::vector<Attempt> attempts = AllAttempts();
  for (const int answer : Try({attempts.begin(), attempts.begin() + 20}, *filter)) {
    EXPECT_EQ(answer, kAllowed);
  }
}

TEST_F(FilterTest, IsSealedAgainstItsUsers) {
  const absl::StatusOr<common::Fd> filter = MakeFilter(RefusedToWorkers());
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(::pwrite(filter->Get(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(filter->Get(), 8), -1);
}

TEST_F(FilterTest, SaysWhatIsMissingWhenTheKernelRefuses) {
  const common::Fd none;
  EXPECT_EQ(InstallFilter(none).message(), "reading the system call filter: Bad file descriptor");
}

}  // namespace
}  // namespace bpfrig::seccomp
