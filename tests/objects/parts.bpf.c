// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs that share functions, some in one section, with all that libbpf fills in: for lists of
// instructions, and for replacing some.
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} numbers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 2);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} jumps SEC(".maps");

__u64 calls = 0;
const volatile __u32 limit = 7;
extern int LINUX_KERNEL_VERSION __kconfig;

// With another place for the field than the kernel has.
struct task_struct {
  int comm;
  int pid;
} __attribute__((preserve_access_index));

static __attribute__((noinline)) int offset_of_pid(void) {
  return bpf_core_field_offset(struct task_struct, pid);
}

static __attribute__((noinline)) int type_of_task(void) {
  return bpf_core_type_id_kernel(struct task_struct) != 0;
}

// Calls another, which the one behind it calls too.
static __attribute__((noinline)) int twice(int number) {
  calls++;
  return number * 2 + type_of_task();
}

__attribute__((noinline)) int global_function(int number) {
  if (number > 100) return twice(number);
  return number + 1;
}

struct bpf_map;

static long count_number(struct bpf_map* map, const void* key, __u64* value, int* sum) {
  (void)map;
  (void)key;
  *sum += (int)*value;
  return 0;
}

static inline __attribute__((always_inline)) int inlined(int number) {
  if (number == 3) return 11;
  return number ^ 5;
}

SEC("cgroup/connect4")
int first(struct bpf_sock_addr* ctx) {
  int sum = 0;
  bpf_for_each_map_elem(&numbers, count_number, &sum, 0);
  if (inlined((int)ctx->user_port) == offset_of_pid()) return 0;
  if (twice(sum) > global_function((int)ctx->user_ip4)) return 0;
  return 1;
}

SEC("cgroup/connect4")
int second(struct bpf_sock_addr* ctx) {
  if (LINUX_KERNEL_VERSION < 0x50000 || limit == 9) return 0;
  bpf_tail_call(ctx, &jumps, 1);
  if (global_function((int)ctx->user_port) == 0) return 0;
  return 1;
}

SEC("cgroup/connect4")
int third(struct bpf_sock_addr* ctx) { return ctx->user_port != 9; }

SEC("xdp")
int frame(struct xdp_md* ctx) {
  long size = (long)ctx->data_end - (long)ctx->data;
  if (size == 60) return XDP_DROP;
  return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
