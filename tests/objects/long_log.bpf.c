// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Two programs about which the verifier says much: it takes one, and refuses the other for its last line.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bytes {
  __u8 at[64];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct bytes);
} values SEC(".maps");

static __always_inline __u32 mix(struct bytes* value) {
  __u32 sum = 0;

#pragma unroll
  for (int i = 0; i < 400; ++i) {
    sum += bpf_get_prandom_u32() & 63;
    if (sum & 1) value->at[sum & 63] = i;
  }
  return sum;
}

SEC("cgroup_skb/egress")
int taken(struct __sk_buff* skb __attribute__((unused))) {
  __u32 key = 0;
  struct bytes* value = bpf_map_lookup_elem(&values, &key);

  if (value) value->at[mix(value) & 63] = 1;
  return 1;
}

SEC("cgroup_skb/egress")
int refused(struct __sk_buff* skb __attribute__((unused))) {
  __u32 key = 0;
  struct bytes* value = bpf_map_lookup_elem(&values, &key);

  if (value) value->at[mix(value)] = 1;
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
