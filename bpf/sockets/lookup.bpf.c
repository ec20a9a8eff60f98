// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// One server for a whole range of ports: what comes in for any of them, at any local address, goes to the
// server of its protocol, which is bound to one port alone.
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

// Set at load, in host order.
const volatile __u16 first_port = 0;
const volatile __u16 last_port = 0;

enum server { TCP_SERVER, UDP_SERVER, SERVERS };

// A value of 8 bytes, so that user space can read a socket's cookie.
struct {
  __uint(type, BPF_MAP_TYPE_SOCKMAP);
  __uint(max_entries, SERVERS);
  __type(key, __u32);
  __type(value, __u64);
} servers SEC(".maps");

SEC("sk_lookup")
int steer(struct bpf_sk_lookup* ctx) {
  __u32 key = ctx->protocol == IPPROTO_UDP ? UDP_SERVER : TCP_SERVER;
  struct bpf_sock* server;
  long error;

  if (ctx->local_port < first_port || ctx->local_port > last_port) return SK_PASS;
  server = bpf_map_lookup_elem(&servers, &key);
  // Without a server the range is closed, also to one that is bound to a port of it.
  if (!server) return SK_DROP;
  // Refused if the server's family is another; one of IPv6 takes IPv4 as well, unless it is IPV6_V6ONLY.
  error = bpf_sk_assign(ctx, server, 0);
  bpf_sk_release(server);
  return error == 0 ? SK_PASS : SK_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
