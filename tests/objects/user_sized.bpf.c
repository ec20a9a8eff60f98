// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Maps whose sizes and flags are left to user space.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
} sizeless SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} typed SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
} commands SEC(".maps");

SEC("cgroup/connect4")
int note_port(struct bpf_sock_addr* ctx) {
  const __u32 port = ctx->user_port;
  const __u64 one = 1;

  bpf_map_update_elem(&sizeless, &port, &one, BPF_ANY);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
