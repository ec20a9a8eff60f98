// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs that run for as long as their globals say, up to years: loops in loops, which no signal ends. Who
// finds the map can.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

volatile __u32 outer = 1;
volatile __u32 inner = 1;
volatile __u32 stop = 0;
__u64 turns = 0;

static int turn(__u32 index __attribute__((unused)), void* context __attribute__((unused))) {
  turns++;
  return stop != 0;
}

static int loop_inside(__u32 index __attribute__((unused)), void* context) {
  bpf_loop(inner, turn, context, 0);
  return stop != 0;
}

static __always_inline void spin(void) {
  __u64 nothing = 0;
  bpf_loop(outer, loop_inside, &nothing, 0);
}

SEC("tc")
int spin_in_test_run(struct __sk_buff* ctx __attribute__((unused))) {
  spin();
  return 0;
}

SEC("cgroup/connect4")
int spin_in_connect(struct bpf_sock_addr* ctx __attribute__((unused))) {
  spin();
  return 1;
}

char _license[] SEC("license") = "GPL";
