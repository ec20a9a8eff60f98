// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// One program for each place that is not a cgroup. They change nothing.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_SOCKHASH);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} sockets SEC(".maps");

SEC("sk_lookup")
int look_up(struct bpf_sk_lookup* ctx __attribute__((unused))) { return SK_PASS; }

SEC("xdp")
int pass_frame(struct xdp_md* ctx __attribute__((unused))) { return XDP_PASS; }

SEC("tc")
int pass_packet(struct __sk_buff* skb __attribute__((unused))) { return 0; }

SEC("sk_msg")
int pass_message(struct sk_msg_md* message __attribute__((unused))) { return SK_PASS; }

SEC("sk_skb/stream_verdict")
int pass_stream(struct __sk_buff* skb __attribute__((unused))) { return SK_PASS; }

SEC("cgroup_skb/egress")
int mark_packet(struct __sk_buff* skb) {
  skb->mark = 7;
  return 1;
}

// Not loaded unless it is picked: by default it may not be.
SEC("?kprobe/tcp_v4_connect")
int nowhere(void* ctx __attribute__((unused))) { return 0; }

char _license[] SEC("license") = "Dual BSD/GPL";
