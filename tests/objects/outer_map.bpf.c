// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map of maps that does not say what its inner maps are like: it loads only if one is named.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} outer SEC(".maps");

SEC("cgroup/connect4")
int count_by_port(struct bpf_sock_addr* ctx) {
  __u32 port = ctx->user_port;
  __u32 first = 0;
  __u64* count;
  void* inner;

  inner = bpf_map_lookup_elem(&outer, &port);
  if (!inner) return 1;
  count = bpf_map_lookup_elem(inner, &first);
  if (count) __sync_fetch_and_add(count, 1);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
