// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Refused by every verifier: reads past the end of a map's value at an index that nothing bounds.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct table {
  __u32 slots[4];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct table);
} tables SEC(".maps");

SEC("cgroup/connect4")
int out_of_bounds(struct bpf_sock_addr* ctx) {
  struct table* table;
  __u32 key = 0;

  table = bpf_map_lookup_elem(&tables, &key);
  if (!table) return 1;
  return table->slots[bpf_get_prandom_u32()] != ctx->user_port;
}

char _license[] SEC("license") = "Dual BSD/GPL";
