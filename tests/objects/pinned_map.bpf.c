// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map that objects share by its name, and one that they do not.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
  __uint(pinning, LIBBPF_PIN_BY_NAME);
} shared SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} own SEC(".maps");

static __always_inline void count_in(void* map) {
  const __u32 key = 0;
  __u64* value = bpf_map_lookup_elem(map, &key);

  if (value != NULL) __sync_fetch_and_add(value, 1);
}

SEC("cgroup/connect4")
int count_connect(struct bpf_sock_addr* ctx) {
  (void)ctx;
  count_in(&shared);
  count_in(&own);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
