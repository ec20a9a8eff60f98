// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tells sockets another name than they have: a backend's address and port are called a service's, by whoever
// asks and of either end. The programs of IPv6 expect IPv4-mapped addresses.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Set at load, in network order.
const volatile __u32 backend_address = 0;
const volatile __u16 backend_port = 0;
const volatile __u32 service_address = 0;
const volatile __u16 service_port = 0;

static __always_inline void rename4(struct bpf_sock_addr* ctx) {
  if (ctx->user_port != backend_port) return;
  ctx->user_ip4 = service_address;
  ctx->user_port = service_port;
}

static __always_inline void rename6(struct bpf_sock_addr* ctx) {
  if (ctx->user_port != backend_port) return;
  ctx->user_ip6[3] = service_address;
  ctx->user_port = service_port;
}

SEC("cgroup/connect4")
int dial4(struct bpf_sock_addr* ctx) {
  if (ctx->user_port != service_port) return 1;
  ctx->user_ip4 = backend_address;
  ctx->user_port = backend_port;
  return 1;
}

SEC("cgroup/getpeername4")
int peer4(struct bpf_sock_addr* ctx) {
  rename4(ctx);
  return 1;
}

SEC("cgroup/getpeername6")
int peer6(struct bpf_sock_addr* ctx) {
  rename6(ctx);
  return 1;
}

SEC("cgroup/getsockname4")
int local4(struct bpf_sock_addr* ctx) {
  rename4(ctx);
  return 1;
}

SEC("cgroup/getsockname6")
int local6(struct bpf_sock_addr* ctx) {
  rename6(ctx);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
