// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Needs CAP_PERFMON: reads kernel memory. Keeps the family of the last socket that dialled.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// The head of the kernel's struct sock_common.
struct socket_head {
  __u32 addresses[2];
  __u32 hash;
  __u16 ports[2];
  __u16 family;
};

volatile __u16 last_family = 0;
volatile __u32 reads = 0;

SEC("cgroup/connect4")
int peek(struct bpf_sock_addr* ctx) {
  struct socket_head head = {};

  if (bpf_probe_read_kernel(&head, sizeof(head), ctx->sk) == 0) {
    last_family = head.family;
    __sync_fetch_and_add(&reads, 1);
  }
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
