// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs for the slots that cgroup_sock ends in: they count the connects that reach them.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// How often each slot was entered.
struct tail_counts {
  __u32 connect4;
  __u32 connect6;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct tail_counts);
} tail_counts SEC(".maps");

static __always_inline struct tail_counts* get_counts(void) {
  __u32 key = 0;

  return bpf_map_lookup_elem(&tail_counts, &key);
}

SEC("cgroup/connect4")
int tail_connect4(struct bpf_sock_addr* ctx __attribute__((unused))) {
  struct tail_counts* counts = get_counts();

  if (counts) __sync_fetch_and_add(&counts->connect4, 1);
  return 1;
}

SEC("cgroup/connect6")
int tail_connect6(struct bpf_sock_addr* ctx __attribute__((unused))) {
  struct tail_counts* counts = get_counts();

  if (counts) __sync_fetch_and_add(&counts->connect6, 1);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
