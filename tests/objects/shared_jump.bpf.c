// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A program that may not load, in a program array that it may share with all_maps: libbpf puts it there as
// soon as it is loaded.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Libbpf takes no forward declaration for the kernel's type.
struct task_struct {
  int pid;
} __attribute__((preserve_access_index));
extern struct task_struct* bpf_task_from_pid(int pid) __ksym __weak;
extern void bpf_task_release(struct task_struct* task) __ksym __weak;

SEC("cgroup/connect4")
int find_init(struct bpf_sock_addr* ctx __attribute__((unused))) {
  struct task_struct* task = bpf_task_from_pid(1);
  if (task) bpf_task_release(task);
  return 1;
}

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, sizeof(__u32));
  __array(values, int(void*));
} programs SEC(".maps") = {.values = {[1] = (void*)&find_init}};

char _license[] SEC("license") = "GPL";
