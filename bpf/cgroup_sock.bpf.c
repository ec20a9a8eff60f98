// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Redirects connect() by the maps of services, and remembers on the socket what was dialled.
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "address.h"
#include "branches.h"
#include "load_balance.h"
#include "manage.h"
#include "storage.h"

// A slot for a program that continues if a connection goes through a waypoint. One array for each family: an
// array takes programs of one attach type only.
#define TAIL_CALL_CONNECT4 0
#define TAIL_CALL_CONNECT6 1

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 8);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} km_cgr_tailcall SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 8);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} km_cgr_tail6 SEC(".maps");

// The port is in network order.
static __always_inline void remember(struct bpf_sock* sk, const struct ip_addr* addr, __u16 port, bool ipv4,
                                     bool via_waypoint) {
  struct sock_storage_data* storage = get_or_create_storage(sk);

  if (!storage) return;
  storage->connect_ns = bpf_ktime_get_ns();
  storage->via_waypoint = via_waypoint;
  if (storage->has_set_ip) return;
  if (ipv4) {
    storage->sk_tuple.ipv4.daddr = addr->ip4;
    storage->sk_tuple.ipv4.dport = port;
    keep_branches_apart();
  } else {
    __builtin_memcpy(storage->sk_tuple.ipv6.daddr, addr->ip6, sizeof(addr->ip6));
    storage->sk_tuple.ipv6.dport = port;
  }
  storage->has_set_ip = true;
}

// Decides about one connect, whose address and port are in *target and may change. False: left alone.
static __always_inline bool redirect(struct bpf_sock_addr* ctx, bool ipv4, struct target* target) {
  struct manager_key netns = {};
  struct ip_addr dialled = target->addr;
  __u16 port = target->port;

  netns.netns_cookie = bpf_get_netns_cookie(ctx);
  if (handle_control_connect(&dialled, ipv4, port, &netns)) return false;
  if (!is_managed(&netns) || ctx->protocol != IPPROTO_TCP) return false;
  if (!find_target(target)) return false;
  remember(ctx->sk, &dialled, port, ipv4, target->via_waypoint);
  return true;
}

SEC("cgroup/connect4")
int cgroup_connect4_prog(struct bpf_sock_addr* ctx) {
  struct target target = {};

  target.addr.ip4 = ctx->user_ip4;
  target.port = ctx->user_port;
  if (!redirect(ctx, true, &target)) return 1;
  ctx->user_ip4 = target.addr.ip4;
  ctx->user_port = target.port;
  if (target.via_waypoint) bpf_tail_call(ctx, &km_cgr_tailcall, TAIL_CALL_CONNECT4);
  return 1;
}

SEC("cgroup/connect6")
int cgroup_connect6_prog(struct bpf_sock_addr* ctx) {
  struct target target = {};
  bool ipv4;

  target.addr.ip6[0] = ctx->user_ip6[0];
  target.addr.ip6[1] = ctx->user_ip6[1];
  target.addr.ip6[2] = ctx->user_ip6[2];
  target.addr.ip6[3] = ctx->user_ip6[3];
  target.port = ctx->user_port;
  ipv4 = is_ipv4_mapped(&target.addr);
  if (ipv4) unmap_ipv4(&target.addr);
  if (!redirect(ctx, ipv4, &target)) return 1;
  if (ipv4) map_ipv4(&target.addr);
  ctx->user_ip6[0] = target.addr.ip6[0];
  ctx->user_ip6[1] = target.addr.ip6[1];
  ctx->user_ip6[2] = target.addr.ip6[2];
  ctx->user_ip6[3] = target.addr.ip6[3];
  ctx->user_port = target.port;
  if (target.via_waypoint) bpf_tail_call(ctx, &km_cgr_tail6, TAIL_CALL_CONNECT6);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
