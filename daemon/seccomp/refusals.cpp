#include "daemon/seccomp/refusals.h"

#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sys/socket.h>

#include <cstdint>
#include <initializer_list>

namespace bpfrig::seccomp {
namespace {

// Newer than the libseccomp of Debian 12; calls have had one number on all processors since 424.
constexpr int kOpenTreeAttr = 467;

// The kernel takes an int of these arguments, and cuts off the upper half of the register: a comparison that
// looked at it could be passed by with anything in there.
scmp_arg_cmp IsInt(unsigned argument, uint32_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xffffffff, .datum_b = value};
}
// Compares the whole register: whatever is in the upper half refuses.
scmp_arg_cmp IsNot(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_NE, .datum_a = value, .datum_b = 0};
}
scmp_arg_cmp IsAbove(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_GT, .datum_a = value, .datum_b = 0};
}
scmp_arg_cmp HasFlag(unsigned argument, uint64_t flag) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = flag, .datum_b = flag};
}

void Refuse(std::vector<Refusal>& refusals, std::initializer_list<int> calls) {
  for (const int call : calls) refusals.push_back({.call = call, .when = {}});
}

// Other processes: their memory, registers and descriptors; other programs in our place.
void RefuseProcesses(std::vector<Refusal>& refusals) {
  Refuse(refusals, {SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
                    SCMP_SYS(process_madvise), SCMP_SYS(execveat)});
#ifndef BPFRIG_SANITIZED
  // The leak sanitizer stops its process by ptrace and reads its memory, and an error report is made by
  // another program.
  Refuse(refusals, {SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(execve)});
#endif
}

// Namespaces. The flags of clone3 are behind a pointer; told that there is no such call, the C library uses
// clone.
void RefuseNamespaces(std::vector<Refusal>& refusals) {
  Refuse(refusals, {SCMP_SYS(unshare), SCMP_SYS(setns)});
  for (const uint64_t flag :
       {uint64_t{CLONE_NEWNS}, uint64_t{CLONE_NEWCGROUP}, uint64_t{CLONE_NEWUTS}, uint64_t{CLONE_NEWIPC},
        uint64_t{CLONE_NEWUSER}, uint64_t{CLONE_NEWPID}, uint64_t{CLONE_NEWNET}}) {
    refusals.push_back({.call = SCMP_SYS(clone), .when = {HasFlag(0, flag)}});
  }
  refusals.push_back({.call = SCMP_SYS(clone3), .error = ENOSYS, .when = {}});
}

void RefuseMounts(std::vector<Refusal>& refusals) {
  Refuse(refusals,
         {SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(umount), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
          SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(move_mount),
          SCMP_SYS(open_tree), kOpenTreeAttr, SCMP_SYS(mount_setattr), SCMP_SYS(open_by_handle_at),
          SCMP_SYS(fanotify_init), SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd)});
}

// The machine as a whole: its kernel's code, its clock, its keys.
void RefuseTheMachine(std::vector<Refusal>& refusals) {
  Refuse(
      refusals,
      {SCMP_SYS(kexec_load),    SCMP_SYS(kexec_file_load), SCMP_SYS(init_module),   SCMP_SYS(finit_module),
       SCMP_SYS(delete_module), SCMP_SYS(reboot),          SCMP_SYS(swapon),        SCMP_SYS(swapoff),
       SCMP_SYS(acct),          SCMP_SYS(settimeofday),    SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
       SCMP_SYS(adjtimex),      SCMP_SYS(sethostname),     SCMP_SYS(setdomainname), SCMP_SYS(iopl),
       SCMP_SYS(ioperm),        SCMP_SYS(syslog),          SCMP_SYS(vhangup),       SCMP_SYS(keyctl),
       SCMP_SYS(add_key),       SCMP_SYS(request_key)});
}

// Big parts of the kernel that neither process uses.
void RefuseTheUnused(std::vector<Refusal>& refusals) {
  Refuse(refusals, {SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
                    SCMP_SYS(userfaultfd)});
}

// A worker reads a perf event array through an event on each CPU, of any process (-1), in no group (-1).
// Other uses of the call are refused: events of one process or of a cgroup, and groups. That the event is of
// PERF_TYPE_SOFTWARE stands behind a pointer, where no filter looks: a worker that was taken over could
// sample what the machine does, as CAP_PERFMON allows. `--no-perfmon` takes that away, and perf event arrays
// with it.
void RefusePerfEvents(std::vector<Refusal>& refusals) {
  // The sign of an int: all numbers below 0 but -1 are refused by the kernel.
  constexpr uint64_t kSign = 0x80000000;
  const auto is_positive = [](unsigned argument) {
    return scmp_arg_cmp{.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = kSign, .datum_b = 0};
  };
  constexpr unsigned kPid = 1;
  constexpr unsigned kGroup = 3;
  constexpr unsigned kFlags = 4;
  refusals.push_back({.call = SCMP_SYS(perf_event_open), .when = {is_positive(kPid)}});
  refusals.push_back({.call = SCMP_SYS(perf_event_open), .when = {is_positive(kGroup)}});
  refusals.push_back({.call = SCMP_SYS(perf_event_open), .when = {IsNot(kFlags, PERF_FLAG_FD_CLOEXEC)}});
}

// What reaches objects that are not in our hands, by number or by path, or attaches to more than a sandbox.
// libbpf (0.8 to 1.5) uses none of these for what a worker loads: the kernel's types come from
// /sys/kernel/btf/vmlinux, it tries those of modules and gets the EPERM that a process without CAP_SYS_ADMIN
// gets anyway, a token is optional, and paths for pins are cleared before the load.
void RefuseBpfCommands(std::vector<Refusal>& refusals) {
  constexpr uint32_t kTokenCreate = 36;  // BPF_TOKEN_CREATE, since Linux 6.9
  for (const uint32_t command :
       {uint32_t{BPF_PROG_GET_NEXT_ID}, uint32_t{BPF_MAP_GET_NEXT_ID}, uint32_t{BPF_BTF_GET_NEXT_ID},
        uint32_t{BPF_LINK_GET_NEXT_ID}, uint32_t{BPF_PROG_GET_FD_BY_ID}, uint32_t{BPF_MAP_GET_FD_BY_ID},
        uint32_t{BPF_BTF_GET_FD_BY_ID}, uint32_t{BPF_LINK_GET_FD_BY_ID}, uint32_t{BPF_OBJ_PIN},
        uint32_t{BPF_OBJ_GET}, uint32_t{BPF_ITER_CREATE}, uint32_t{BPF_RAW_TRACEPOINT_OPEN},
        uint32_t{BPF_TASK_FD_QUERY}, uint32_t{BPF_ENABLE_STATS}, kTokenCreate}) {
    refusals.push_back({.call = SCMP_SYS(bpf), .when = {IsInt(0, command)}});
  }
}

// Sockets of a test are AF_UNIX, AF_INET or AF_INET6; sock_diag says what has become of them. With any other
// netlink, a worker's CAP_NET_ADMIN, which is the machine's, could put an interface into a foreign network
// namespace. Some families, such as AF_VSOCK, know no network namespaces; asking for others loads a module.
void RefuseSockets(std::vector<Refusal>& refusals) {
  for (uint32_t family = 0; family < AF_NETLINK; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6) continue;
    refusals.push_back({.call = SCMP_SYS(socket), .when = {IsInt(0, family)}});
  }
  refusals.push_back({.call = SCMP_SYS(socket), .when = {IsAbove(0, AF_NETLINK)}});
  constexpr uint64_t kSockDiag = NETLINK_SOCK_DIAG;
  refusals.push_back({.call = SCMP_SYS(socket), .when = {IsInt(0, AF_NETLINK), IsNot(2, kSockDiag)}});
}

std::vector<Refusal> RefusedToBoth() {
  std::vector<Refusal> refusals;
  RefuseProcesses(refusals);
  RefuseNamespaces(refusals);
  RefuseMounts(refusals);
  RefuseTheMachine(refusals);
  RefuseTheUnused(refusals);
  refusals.push_back({.call = SCMP_SYS(socketpair), .when = {IsNot(0, AF_UNIX)}});
  return refusals;
}

}  // namespace

std::vector<Refusal> RefusedToWorkers() {
  std::vector<Refusal> refusals = RefusedToBoth();
  RefuseBpfCommands(refusals);
  RefuseSockets(refusals);
  RefusePerfEvents(refusals);
  return refusals;
}

// It is given its listening sockets, and speaks to workers through pairs.
std::vector<Refusal> RefusedToFront() {
  std::vector<Refusal> refusals = RefusedToBoth();
  Refuse(refusals, {SCMP_SYS(bpf), SCMP_SYS(socket), SCMP_SYS(perf_event_open)});
  return refusals;
}

std::vector<int> AllowedToReaders() {
  return {SCMP_SYS(read),           SCMP_SYS(pread64),         SCMP_SYS(write),
          SCMP_SYS(writev),         SCMP_SYS(close),           SCMP_SYS(lseek),
          SCMP_SYS(fstat),          SCMP_SYS(newfstatat),      SCMP_SYS(brk),
          SCMP_SYS(mmap),           SCMP_SYS(mremap),          SCMP_SYS(munmap),
          SCMP_SYS(mprotect),       SCMP_SYS(madvise),         SCMP_SYS(futex),
          SCMP_SYS(sched_yield),    SCMP_SYS(getpid),          SCMP_SYS(gettid),
          SCMP_SYS(getrandom),      SCMP_SYS(sysinfo),         SCMP_SYS(rt_sigaction),
          SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),    SCMP_SYS(sigaltstack),
          SCMP_SYS(clock_gettime),  SCMP_SYS(restart_syscall), SCMP_SYS(exit),
          SCMP_SYS(exit_group)};
}

}  // namespace bpfrig::seccomp
