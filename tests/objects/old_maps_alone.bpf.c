// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Old maps and nothing of today's: such an object needs no BTF.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_map_def {
  __u32 type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") unused = {BPF_MAP_TYPE_HASH, 16, 80, 4, 0};
struct bpf_map_def SEC("maps") connects = {BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0};

SEC("cgroup/connect4")
int count_connect(struct bpf_sock_addr* ctx) {
  const __u32 key = 0;
  __u64* value = bpf_map_lookup_elem(&connects, &key);

  (void)ctx;
  if (value != NULL) __sync_fetch_and_add(value, 1);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
