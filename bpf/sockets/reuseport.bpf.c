// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Servers that share one port, and which of them gets what: a datagram goes to the shard that its first byte
// names, a connection to one by its source port. Without such a program, the kernel goes by a hash.
#include <linux/bpf.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SHARDS 16

// How many shards share the connections. Set at load.
const volatile __u32 shards_of_connections = 2;

struct {
  __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
  __uint(max_entries, SHARDS);
  __type(key, __u32);
  __type(value, __u64);
} shards SEC(".maps");

static __always_inline int select(struct sk_reuseport_md* ctx, __u32 shard) {
  return bpf_sk_select_reuseport(ctx, &shards, &shard, 0) == 0 ? SK_PASS : SK_DROP;
}

// What names no shard, or one that is not there, is dropped: another would not know what to do with it.
SEC("sk_reuseport")
int by_first_byte(struct sk_reuseport_md* ctx) {
  __u8 first;

  // The data begins with the UDP header.
  if (bpf_skb_load_bytes(ctx, sizeof(struct udphdr), &first, sizeof(first)) != 0) return SK_DROP;
  return select(ctx, first);
}

SEC("sk_reuseport")
int by_source_port(struct sk_reuseport_md* ctx) {
  __u16 port;

  // Both of TCP and of UDP the first field.
  if (bpf_skb_load_bytes(ctx, 0, &port, sizeof(port)) != 0 || shards_of_connections == 0) return SK_DROP;
  return select(ctx, bpf_ntohs(port) % shards_of_connections);
}

char _license[] SEC("license") = "Dual BSD/GPL";
