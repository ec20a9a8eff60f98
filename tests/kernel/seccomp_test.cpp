// The filters on the real kernel: what root may do becomes EPERM under them, and what a sandbox needs goes on
// working.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/seccomp/filter.h"

namespace bpfrig::tests {
namespace {

// 0, or the errno.
using Try = std::function<int()>;

struct Attempt {
  std::string name;
  Try run;
};

int Outcome(long result) { return result < 0 ? errno : 0; }

Try Call(long number, long first = 0, long second = 0, long third = 0) {
  return [=] { return Outcome(::syscall(number, first, second, third, 0, 0)); };
}

Try Bpf(int command) {
  return [=] {
    union bpf_attr attributes {};
    return Outcome(::syscall(SYS_bpf, command, &attributes, sizeof(attributes)));
  };
}

Try Clone(uint64_t flags) {
  return [=] {
    const long pid = ::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) ::_exit(0);
    return Outcome(pid);
  };
}

int EnterOwnNetns() {
  const int netns = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  return Outcome(::setns(netns, CLONE_NEWNET));
}

const long kTmpfs = reinterpret_cast<long>("tmpfs");
const long kRoot = reinterpret_cast<long>("/");

// What root can do here, or what the kernel refuses for another reason than a missing right.
std::vector<Attempt> Refused() {
  return {
      {"a netlink socket for routes", Call(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)},
      {"a generic netlink socket", Call(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)},
      {"a user namespace", Call(SYS_unshare, CLONE_NEWUSER)},
      {"a network namespace", Call(SYS_unshare, CLONE_NEWNET)},
      {"a child in a user namespace", Clone(CLONE_NEWUSER)},
      {"a child in a network namespace", Clone(CLONE_NEWNET)},
      {"entering a network namespace", EnterOwnNetns},
      {"opening a file system", Call(SYS_fsopen, kTmpfs)},
      {"copying a mount", Call(SYS_open_tree, AT_FDCWD, kRoot, 0)},
      {"an unknown pidfd", Call(SYS_pidfd_getfd, -1, 0, 0)},
      {"writing another's memory", Call(SYS_process_vm_writev, ::getpid(), 0, 0)},
      {"executing", Call(SYS_execveat, -1, kTmpfs, 0)},
      {"the next program", Bpf(BPF_PROG_GET_NEXT_ID)},
      {"the next map", Bpf(BPF_MAP_GET_NEXT_ID)},
      {"the next BTF", Bpf(BPF_BTF_GET_NEXT_ID)},
      {"the next link", Bpf(BPF_LINK_GET_NEXT_ID)},
      {"a program by id", Bpf(BPF_PROG_GET_FD_BY_ID)},
      {"a map by id", Bpf(BPF_MAP_GET_FD_BY_ID)},
      {"a BTF by id", Bpf(BPF_BTF_GET_FD_BY_ID)},
      {"a link by id", Bpf(BPF_LINK_GET_FD_BY_ID)},
      {"an iterator", Bpf(BPF_ITER_CREATE)},
      {"a raw tracepoint", Bpf(BPF_RAW_TRACEPOINT_OPEN)},
      {"a pin", Bpf(BPF_OBJ_PIN)},
      {"a pinned object", Bpf(BPF_OBJ_GET)},
#ifndef BPFRIG_SANITIZED
      {"being traced", Call(SYS_ptrace, PTRACE_TRACEME)},
#endif
  };
}

int MakeMap() {
  union bpf_attr attributes {};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return Outcome(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

// The C library tries clone3, and makes do with clone.
int StartThread() {
  bool ran = false;
  std::thread([&] { ran = true; }).join();
  return ran ? 0 : ECHILD;
}

std::vector<Attempt> Allowed() {
  return {{"sock_diag", Call(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)},
          {"a TCP socket", Call(SYS_socket, AF_INET6, SOCK_STREAM, 0)},
          {"a unix socket", Call(SYS_socket, AF_UNIX, SOCK_STREAM, 0)},
          {"a BPF map", MakeMap},
          {"a child", Clone(0)},
          {"a thread", StartThread}};
}

// In a child, whose exit status is the outcome.
int InChild(const Try& run, const common::Fd* filter) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (filter != nullptr && !seccomp::InstallFilter(*filter).ok()) ::_exit(255);
    ::_exit(run());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

class SeccompTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(filter_.ok()) << filter_.status(); }

  void ExpectRefused(const std::vector<Attempt>& attempts, const common::Fd& filter) {
    for (const Attempt& attempt : attempts) {
      EXPECT_NE(InChild(attempt.run, nullptr), EPERM) << attempt.name << ": the next line would show nothing";
      EXPECT_EQ(InChild(attempt.run, &filter), EPERM) << attempt.name;
    }
  }

  absl::StatusOr<common::Fd> filter_ = seccomp::MakeFilter(seccomp::RefusedToWorkers());
};

TEST_F(SeccompTest, RefusesAWorkerWhatReachesPastItsSandbox) { ExpectRefused(Refused(), *filter_); }

TEST_F(SeccompTest, LetsAWorkerDoWhatTestsNeed) {
  for (const Attempt& attempt : Allowed()) EXPECT_EQ(InChild(attempt.run, &*filter_), 0) << attempt.name;
}

TEST_F(SeccompTest, RefusesTheFrontAllThatAndMore) {
  const absl::StatusOr<common::Fd> filter = seccomp::MakeFilter(seccomp::RefusedToFront());
  ASSERT_TRUE(filter.ok()) << filter.status();
  ExpectRefused(Refused(), *filter);
  ExpectRefused({{"a BPF map", MakeMap},
                 {"sock_diag", Call(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)},
                 {"a TCP socket", Call(SYS_socket, AF_INET, SOCK_STREAM, 0)},
                 {"a unix socket", Call(SYS_socket, AF_UNIX, SOCK_STREAM, 0)}},
                *filter);
  EXPECT_EQ(InChild(StartThread, &*filter), 0) << "gRPC has threads";
}

}  // namespace
}  // namespace bpfrig::tests
