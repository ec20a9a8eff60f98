// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs for test runs, each of another kind, that read and change their contexts.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int mark_packet(struct __sk_buff* skb) {
  skb->mark = skb->mark + 1;
  skb->priority = 3;
  return skb->mark == 100 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("xdp")
int count_queue(struct xdp_md* ctx) {
  return ctx->ingress_ifindex == 1 && ctx->rx_queue_index == 0 ? XDP_PASS : XDP_DROP;
}

SEC("sk_lookup")
int refuse_port(struct bpf_sk_lookup* ctx) { return ctx->local_port == 80 ? SK_DROP : SK_PASS; }

// Has no context in a test run, nor a test run.
SEC("cgroup/connect4")
int dial(struct bpf_sock_addr* ctx __attribute__((unused))) { return 1; }

char _license[] SEC("license") = "Dual BSD/GPL";
