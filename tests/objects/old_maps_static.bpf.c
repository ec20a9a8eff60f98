// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Static maps of the old kind have no symbols that programs refer to them by.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_map_def {
  __u32 type, key_size, value_size, max_entries, map_flags;
};

static struct bpf_map_def SEC("maps") first = {BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0};
static struct bpf_map_def SEC("maps") second = {BPF_MAP_TYPE_HASH, 4, 8, 1, 0};

SEC("cgroup/connect4")
int use_both(struct bpf_sock_addr* ctx) {
  const __u32 key = 0;

  (void)ctx;
  return bpf_map_lookup_elem(&first, &key) != NULL || bpf_map_lookup_elem(&second, &key) == NULL;
}

char _license[] SEC("license") = "Dual BSD/GPL";
