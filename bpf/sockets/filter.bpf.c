// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Socket filters: which datagrams a socket gets at all, and how much of each. What they drop is lost without
// a word: its sender sees no error.
#include <linux/bpf.h>
#include <linux/udp.h>

#include <bpf/bpf_helpers.h>

// Only what begins with this byte passes. Set at load.
const volatile __u8 wanted = 'w';
// Bytes of a datagram that are kept.
const volatile __u32 kept = 64;

static __always_inline int decide(struct __sk_buff* skb, __u32 header) {
  __u8 first;

  if (bpf_skb_load_bytes(skb, header, &first, sizeof(first)) != 0) return 0;
  return first == wanted ? header + kept : 0;
}

// The kernel shows a filter the UDP header too.
SEC("socket")
int filter_udp(struct __sk_buff* skb) { return decide(skb, sizeof(struct udphdr)); }

SEC("socket")
int filter_unix(struct __sk_buff* skb) { return decide(skb, 0); }

char _license[] SEC("license") = "Dual BSD/GPL";
