// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Who may have which port: a range of ports is refused, one is moved to another, only so many sockets may be
// bound at a time, and IPv6 can be switched off. What is refused gets EPERM.
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET6 10

#define REFUSE 0
#define ALLOW 1

// Set at load. Ports are in host order; a last port of 0 refuses none, and a port of 0 is never moved.
const volatile __u16 refused_first_port = 0;
const volatile __u16 refused_last_port = 0;
const volatile __u16 moved_from_port = 0;
const volatile __u16 moved_to_port = 0;
const volatile bool refuse_ipv6 = false;
// The mark of each new socket (SO_MARK).
const volatile __u32 socket_mark = 0;

// Every bound IPv4 socket, by its cookie, and its port in host order. Its size is the quota: the kernel
// refuses one more, and does so also if two sockets are bound at the same time.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 256);
  __type(key, __u64);
  __type(value, __u32);
} bound SEC(".maps");

static __always_inline int decide(struct bpf_sock_addr* ctx) {
  __u16 port = bpf_ntohs(ctx->user_port);

  if (port == 0) return ALLOW;
  if (port >= refused_first_port && port <= refused_last_port) return REFUSE;
  if (port == moved_from_port) ctx->user_port = bpf_htons(moved_to_port);
  return ALLOW;
}

SEC("cgroup/bind4")
int decide_bind4(struct bpf_sock_addr* ctx) { return decide(ctx); }

SEC("cgroup/bind6")
int decide_bind6(struct bpf_sock_addr* ctx) { return decide(ctx); }

// Only here the port is known if the kernel chose it.
SEC("cgroup/post_bind4")
int count_bound(struct bpf_sock* ctx) {
  __u64 cookie = bpf_get_socket_cookie(ctx);
  __u32 port = ctx->src_port;

  return bpf_map_update_elem(&bound, &cookie, &port, BPF_ANY) == 0 ? ALLOW : REFUSE;
}

// Runs for every socket, so most are not in the map.
SEC("cgroup/sock_release")
int forget_bound(struct bpf_sock* ctx) {
  __u64 cookie = bpf_get_socket_cookie(ctx);

  bpf_map_delete_elem(&bound, &cookie);
  return ALLOW;
}

SEC("cgroup/sock_create")
int decide_create(struct bpf_sock* ctx) {
  if (refuse_ipv6 && ctx->family == AF_INET6) return REFUSE;
  ctx->mark = socket_mark;
  return ALLOW;
}

char _license[] SEC("license") = "Dual BSD/GPL";
