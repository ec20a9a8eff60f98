// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs that see calls on sockets, each with a counter; and two that a socket itself has.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u32 set_options = 0;
__u32 got_options = 0;
__u32 own_names = 0;
__u32 peer_names = 0;

SEC("cgroup/setsockopt")
int count_setsockopt(struct bpf_sockopt* ctx __attribute__((unused))) {
  __sync_fetch_and_add(&set_options, 1);
  return 1;
}

SEC("cgroup/getsockopt")
int count_getsockopt(struct bpf_sockopt* ctx __attribute__((unused))) {
  __sync_fetch_and_add(&got_options, 1);
  return 1;
}

SEC("cgroup/getsockname4")
int fake_own_name(struct bpf_sock_addr* ctx) {
  __sync_fetch_and_add(&own_names, 1);
  ctx->user_port = 0x3930;  // 12345 in network order, on a little-endian machine
  return 1;
}

SEC("cgroup/getpeername4")
int count_peer_name(struct bpf_sock_addr* ctx __attribute__((unused))) {
  __sync_fetch_and_add(&peer_names, 1);
  return 1;
}

// Passes datagrams that are not empty.
SEC("socket")
int drop_empty(struct __sk_buff* skb) { return skb->len > 8 ? skb->len : 0; }

struct {
  __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u64);
} group SEC(".maps");

// Always the second one.
SEC("sk_reuseport")
int second(struct sk_reuseport_md* ctx) {
  __u32 key = 1;
  return bpf_sk_select_reuseport(ctx, &group, &key, 0) == 0 ? SK_PASS : SK_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
