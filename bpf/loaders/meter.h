// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A meter for datagrams: counts those to ports that have a limit, drops what is beyond it, and says so once
// for each that it drops. What all builds of it have in common; a build declares the maps.
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct meter_key {
  __u16 port;  // in network order
  __u8 protocol;
  __u8 unused;
};

struct meter_limit {
  __u64 packets;
};

struct meter_count {
  __u64 packets;
  __u64 dropped;
};

// A datagram that was dropped.
struct meter_event {
  struct meter_key key;
  __u32 length;
};

// IPv4 without options.
static __always_inline int read_key(struct __sk_buff* skb, struct meter_key* key) {
  struct iphdr ip;
  struct udphdr udp;

  if (skb->protocol != bpf_htons(ETH_P_IP)) return -1;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) != 0) return -1;
  if (ip.protocol != IPPROTO_UDP) return -1;
  if (bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(ip), &udp, sizeof(udp)) != 0) return -1;
  key->port = udp.dest;
  key->protocol = ip.protocol;
  return 0;
}

static __always_inline int meter(struct __sk_buff* skb, void* limits, void* counts, void* events) {
  struct meter_count first = {};
  struct meter_event* event;
  struct meter_limit* limit;
  struct meter_count* count;
  struct meter_key key = {};

  if (read_key(skb, &key) != 0) return TC_ACT_OK;
  limit = bpf_map_lookup_elem(limits, &key);
  if (limit == NULL) return TC_ACT_OK;
  bpf_map_update_elem(counts, &key, &first, BPF_NOEXIST);
  count = bpf_map_lookup_elem(counts, &key);
  if (count == NULL) return TC_ACT_OK;
  __sync_fetch_and_add(&count->packets, 1);
  if (count->packets <= limit->packets) return TC_ACT_OK;
  __sync_fetch_and_add(&count->dropped, 1);
  event = bpf_ringbuf_reserve(events, sizeof(*event), 0);
  if (event == NULL) return TC_ACT_SHOT;
  event->key = key;
  event->length = skb->len;
  bpf_ringbuf_submit(event, 0);
  return TC_ACT_SHOT;
}
