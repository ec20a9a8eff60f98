// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Addresses and ports of sockets. An IPv4-mapped IPv6 address counts as IPv4 everywhere. Used by all
// programs.
#pragma once

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "branches.h"
#include "mesh_types.h"

#define AF_INET 2
#define AF_INET6 10

static __always_inline bool is_ipv4_mapped(const struct ip_addr* addr) {
  const __be32* ip6 = addr->ip6;

  return ip6[0] == 0 && ip6[1] == 0 && ip6[2] == bpf_htonl(0xffff);  // bpfrig: equivalent: IPv4 is one word
}

static __always_inline void unmap_ipv4(struct ip_addr* addr) {
  addr->ip4 = addr->ip6[3];
  addr->ip6[1] = 0;
  addr->ip6[2] = 0;
  addr->ip6[3] = 0;
}

static __always_inline void map_ipv4(struct ip_addr* addr) {
  addr->ip6[3] = addr->ip4;
  addr->ip6[2] = bpf_htonl(0xffff);
  addr->ip6[1] = 0;
  addr->ip6[0] = 0;
}

// The two ends of a socket, ports in network order.
struct endpoints {
  struct ip_addr local;
  struct ip_addr remote;
  __u16 local_port;
  __u16 remote_port;
  bool ipv4;
};

// An IPv4 connection of an AF_INET6 socket keeps mapped addresses, which come out as IPv4. *ends is all
// zeroes.
static __always_inline void read_endpoints(const struct bpf_sock* sk, struct endpoints* ends) {
  ends->local_port = bpf_htons(sk->src_port);
  ends->remote_port = sk->dst_port;
  if (sk->family == AF_INET) {  // bpfrig: equivalent: the kernel maps the addresses of IPv4 sockets, too
    ends->local.ip4 = sk->src_ip4;
    ends->remote.ip4 = sk->dst_ip4;
    ends->ipv4 = true;
    keep_branches_apart();
    return;
  }
  ends->local.ip6[0] = sk->src_ip6[0];
  ends->local.ip6[1] = sk->src_ip6[1];
  ends->local.ip6[2] = sk->src_ip6[2];
  ends->local.ip6[3] = sk->src_ip6[3];
  ends->remote.ip6[0] = sk->dst_ip6[0];
  ends->remote.ip6[1] = sk->dst_ip6[1];
  ends->remote.ip6[2] = sk->dst_ip6[2];
  ends->remote.ip6[3] = sk->dst_ip6[3];
  if (is_ipv4_mapped(&ends->remote)) {
    unmap_ipv4(&ends->local);
    unmap_ipv4(&ends->remote);
    ends->ipv4 = true;
  }
}

// The tuple as this socket has it, ports in network order. *tuple is all zeroes.
static __always_inline void local_tuple(const struct endpoints* ends, struct bpf_sock_tuple* tuple) {
  if (ends->ipv4) {
    tuple->ipv4.saddr = ends->local.ip4;
    tuple->ipv4.daddr = ends->remote.ip4;
    tuple->ipv4.sport = ends->local_port;
    tuple->ipv4.dport = ends->remote_port;
    return;
  }
  __builtin_memcpy(tuple->ipv6.saddr, ends->local.ip6, sizeof(tuple->ipv6.saddr));
  __builtin_memcpy(tuple->ipv6.daddr, ends->remote.ip6, sizeof(tuple->ipv6.daddr));
  tuple->ipv6.sport = ends->local_port;
  tuple->ipv6.dport = ends->remote_port;
}

// The tuple with the client as its source, ports in host order. *tuple is all zeroes.
static __always_inline void client_tuple(const struct endpoints* ends, enum direction direction,
                                         struct bpf_sock_tuple* tuple) {
  struct endpoints view = *ends;

  view.local_port = bpf_ntohs(ends->local_port);
  view.remote_port = bpf_ntohs(ends->remote_port);
  if (direction == DIRECTION_INBOUND) {  // bpfrig: equivalent: IPv4 is one word
    view.local = ends->remote;
    view.remote = ends->local;
    view.local_port = bpf_ntohs(ends->remote_port);
    view.remote_port = bpf_ntohs(ends->local_port);
  }
  local_tuple(&view, tuple);
}
