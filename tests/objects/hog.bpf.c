// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map that takes 418 MiB, all at once.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 105000);
  __type(key, int);
  __type(value, char[4096]);
} hog SEC(".maps");

SEC("cgroup/connect4")
int look_up(struct bpf_sock_addr* ctx __attribute__((unused))) {
  int key = 0;
  bpf_map_lookup_elem(&hog, &key);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
