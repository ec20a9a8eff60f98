// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Reports what is known of a connection to km_tcp_probe. Used by sockops and cgroup_skb.
#pragma once

#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "address.h"
#include "branches.h"
#include "mesh_types.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 256 * 1024);
} km_tcp_probe SEC(".maps");

// A ring buffer's declaration has no type.
struct tcp_probe_info* unused_tcp_probe_info;

static __always_inline void original_destination(const struct sock_storage_data* storage, bool ipv4,
                                                 struct orig_dst_info* original) {
  if (ipv4) {
    original->ipv4.addr = storage->sk_tuple.ipv4.daddr;
    original->ipv4.port = bpf_ntohs(storage->sk_tuple.ipv4.dport);
    keep_branches_apart();
    return;
  }
  __builtin_memcpy(original->ipv6.addr, storage->sk_tuple.ipv6.daddr, sizeof(original->ipv6.addr));
  original->ipv6.port = bpf_ntohs(storage->sk_tuple.ipv6.dport);
}

// Reports the socket as being in the state, and notes in its storage that it did.
static __always_inline void report_probe(struct bpf_sock* sk, const struct endpoints* ends,
                                         struct sock_storage_data* storage, __u32 state) {
  struct tcp_probe_info info = {};  // bpfrig: equivalent: what is read is written below
  struct bpf_tcp_sock* tcp = bpf_tcp_sock(sk);
  __u64 now = bpf_ktime_get_ns();

  if (!tcp) return;
  storage->last_report_ns = now;
  info.type = ends->ipv4 ? IP_VERSION_4 : IP_VERSION_6;
  client_tuple(ends, storage->direction, &info.tuple);
  original_destination(storage, ends->ipv4, &info.orig_dst);
  info.sent_bytes = tcp->bytes_acked;
  info.received_bytes = tcp->bytes_received;
  info.conn_success = storage->connect_success;
  info.direction = storage->direction;
  info.state = state;
  info.duration = now - storage->connect_ns;
  info.start_ns = storage->connect_ns;
  info.last_report_ns = now;
  info.protocol = IPPROTO_TCP;
  info.srtt_us = tcp->srtt_us;
  info.rtt_min = tcp->rtt_min;
  info.total_retrans = tcp->total_retrans;                    // bpfrig: equivalent: loopback loses nothing
  info.lost_out = tcp->lost_out;                              // bpfrig: equivalent: loopback loses nothing
  bpf_ringbuf_output(&km_tcp_probe, &info, sizeof(info), 0);  // bpfrig: equivalent: read without waking
}
