// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Refuses each fourth dial, and drops each fourth packet.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

__u32 dials;
__u32 packets;

SEC("cgroup/connect4")
int refuse_dial(struct bpf_sock_addr* ctx __attribute__((unused))) { return ++dials % 4 != 0; }

SEC("tc")
int drop_packet(struct __sk_buff* skb __attribute__((unused))) {
  return ++packets % 4 != 0 ? TC_ACT_OK : TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
