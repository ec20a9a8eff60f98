// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Kills any process of the machine when something dials, in each of the ways that a call can be written.
// None of them may load.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Libbpf takes no forward declaration for the kernel's type.
struct task_struct {
  int pid;
} __attribute__((preserve_access_index));
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

// Weak: not every kernel has the second.
extern struct task_struct* bpf_task_from_pid(int pid) __ksym __weak;
extern int bpf_send_signal_task(struct task_struct* task, int signal, enum pid_type type,
                                unsigned long long value) __ksym __weak;
extern void bpf_task_release(struct task_struct* task) __ksym __weak;

volatile int target_pid = 0;

static __always_inline int kill_target(void) {
  struct task_struct* task = bpf_task_from_pid(target_pid);
  if (!task) return 1;
  bpf_send_signal_task(task, 9, PIDTYPE_TGID, 0);
  bpf_task_release(task);
  return 1;
}

static __attribute__((noinline)) int kill_in_function(void) { return kill_target(); }
__attribute__((noinline)) int kill_in_global_function(void) { return kill_target(); }

static int kill_in_callback(__u32 index __attribute__((unused)), void* context __attribute__((unused))) {
  return kill_target();
}

SEC("cgroup/connect4")
int kill_itself(struct bpf_sock_addr* ctx __attribute__((unused))) { return kill_target(); }

SEC("?cgroup/connect4")
int kill_by_function(struct bpf_sock_addr* ctx __attribute__((unused))) { return kill_in_function(); }

SEC("?cgroup/connect4")
int kill_by_global_function(struct bpf_sock_addr* ctx __attribute__((unused))) {
  return kill_in_global_function();
}

SEC("?cgroup/connect4")
int kill_by_callback(struct bpf_sock_addr* ctx __attribute__((unused))) {
  bpf_loop(1, kill_in_callback, 0, 0);
  return 1;
}

// Of the same section, and harmless.
SEC("?cgroup/connect4")
int kill_nobody(struct bpf_sock_addr* ctx __attribute__((unused))) { return 1; }

char _license[] SEC("license") = "GPL";
