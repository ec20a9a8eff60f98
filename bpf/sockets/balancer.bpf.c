// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A balancer without packets: what dials a service, or sends it a datagram, is sent to one of its backends
// before there is a packet, and is told on every way back that it talks to the service.
//
// IPv4-mapped addresses count as IPv4. They come to connect6, recvmsg6 and getpeername6; of a datagram that
// is sent to one the kernel makes an IPv4 one first, so that it comes to sendmsg4 (seen on 6.18).
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "balancer.h"

#define NS_PER_SECOND 1000000000ULL

// What a program of these hooks returns. A refused connect or send is EPERM; the way back cannot be refused.
#define REFUSE 0
#define ALLOW 1

static __always_inline void read4(const struct bpf_sock_addr* ctx, struct endpoint* endpoint) {
  endpoint->address[0] = ctx->user_ip4;
  endpoint->port = ctx->user_port;
  endpoint->protocol = ctx->protocol;
}

static __always_inline void write4(struct bpf_sock_addr* ctx, const struct endpoint* endpoint) {
  ctx->user_ip4 = endpoint->address[0];
  ctx->user_port = endpoint->port;
}

// True if the address is IPv4-mapped; it is taken for IPv4 then.
static __always_inline bool read6(const struct bpf_sock_addr* ctx, struct endpoint* endpoint) {
  __u32 last = ctx->user_ip6[3];

  endpoint->port = ctx->user_port;
  endpoint->protocol = ctx->protocol;
  endpoint->address[0] = ctx->user_ip6[0];
  endpoint->address[1] = ctx->user_ip6[1];
  endpoint->address[2] = ctx->user_ip6[2];
  endpoint->address[3] = last;
  if (endpoint->address[0] != 0 || endpoint->address[1] != 0 || endpoint->address[2] != bpf_htonl(0xffff))
    return false;
  endpoint->address[0] = last;
  endpoint->address[2] = 0;
  endpoint->address[3] = 0;
  return true;
}

static __always_inline void write6(struct bpf_sock_addr* ctx, const struct endpoint* endpoint, bool mapped) {
  ctx->user_port = endpoint->port;
  if (mapped) {
    ctx->user_ip6[0] = 0;
    ctx->user_ip6[1] = 0;
    ctx->user_ip6[2] = bpf_htonl(0xffff);
    ctx->user_ip6[3] = endpoint->address[0];
    return;
  }
  ctx->user_ip6[0] = endpoint->address[0];
  ctx->user_ip6[1] = endpoint->address[1];
  ctx->user_ip6[2] = endpoint->address[2];
  ctx->user_ip6[3] = endpoint->address[3];
}

static __always_inline const struct endpoint* find_backend(const struct service* service, __u32 index) {
  struct backend_key key = {.service = service->id, .index = index};

  return bpf_map_lookup_elem(&backends, &key);
}

// Each in turn. Two that ask at the same time may get the same one, which does no harm.
static __always_inline __u32 next_index(struct service* service) {
  __u32 index = service->next % service->backends;

  __sync_fetch_and_add(&service->next, 1);
  return index;
}

// The backend that the client has, if it is still there and its time is not over; otherwise a new one.
static __always_inline const struct endpoint* keep_backend(struct bpf_sock_addr* ctx,
                                                           struct service* service) {
  struct client_key client = {.netns_cookie = bpf_get_netns_cookie(ctx), .service = service->id};
  struct client_backend kept = {};
  const struct client_backend* known = bpf_map_lookup_elem(&clients, &client);
  __u64 now = bpf_ktime_get_ns();

  if (known && known->expires_ns > now && known->index < service->backends)
    kept.index = known->index;
  else
    kept.index = next_index(service);
  kept.expires_ns = now + service->affinity_seconds * NS_PER_SECOND;
  bpf_map_update_elem(&clients, &client, &kept, BPF_ANY);
  return find_backend(service, kept.index);
}

static __always_inline const struct endpoint* choose_backend(struct bpf_sock_addr* ctx,
                                                             struct service* service) {
  if (service->backends == 0) return NULL;
  if (service->affinity_seconds != 0) return keep_backend(ctx, service);
  return find_backend(service, next_index(service));
}

static __always_inline struct translation_key translation_of(struct bpf_sock_addr* ctx,
                                                             const struct endpoint* backend) {
  struct translation_key key = {.socket_cookie = bpf_get_socket_cookie(ctx), .backend = *backend};

  return key;
}

enum destination { NO_SERVICE, NO_BACKEND, BACKEND };

// From a service to one of its backends.
static __always_inline enum destination translate(struct bpf_sock_addr* ctx, struct endpoint* endpoint) {
  struct service* service = bpf_map_lookup_elem(&services, endpoint);
  const struct endpoint* backend;
  struct translation_key key;

  if (!service) return NO_SERVICE;
  backend = choose_backend(ctx, service);
  if (!backend) return NO_BACKEND;
  key = translation_of(ctx, backend);
  bpf_map_update_elem(&translations, &key, endpoint, BPF_ANY);
  *endpoint = *backend;
  return BACKEND;
}

// From a backend to the service that this socket was sent to it by; false if it was not.
static __always_inline bool restore(struct bpf_sock_addr* ctx, struct endpoint* endpoint) {
  struct translation_key key = translation_of(ctx, endpoint);
  const struct endpoint* service = bpf_map_lookup_elem(&translations, &key);

  if (!service) return false;
  *endpoint = *service;
  return true;
}

static __always_inline int translate4(struct bpf_sock_addr* ctx) {
  struct endpoint endpoint = {};
  enum destination destination;

  read4(ctx, &endpoint);
  destination = translate(ctx, &endpoint);
  if (destination == NO_BACKEND) return REFUSE;
  if (destination == BACKEND) write4(ctx, &endpoint);
  return ALLOW;
}

static __always_inline int translate6(struct bpf_sock_addr* ctx) {
  struct endpoint endpoint = {};
  bool mapped = read6(ctx, &endpoint);
  enum destination destination = translate(ctx, &endpoint);

  if (destination == NO_BACKEND) return REFUSE;
  if (destination == BACKEND) write6(ctx, &endpoint, mapped);
  return ALLOW;
}

static __always_inline int restore4(struct bpf_sock_addr* ctx) {
  struct endpoint endpoint = {};

  read4(ctx, &endpoint);
  if (restore(ctx, &endpoint)) write4(ctx, &endpoint);
  return ALLOW;
}

static __always_inline int restore6(struct bpf_sock_addr* ctx) {
  struct endpoint endpoint = {};
  bool mapped = read6(ctx, &endpoint);

  if (restore(ctx, &endpoint)) write6(ctx, &endpoint, mapped);
  return ALLOW;
}

SEC("cgroup/connect4")
int balance_connect4(struct bpf_sock_addr* ctx) { return translate4(ctx); }

SEC("cgroup/connect6")
int balance_connect6(struct bpf_sock_addr* ctx) { return translate6(ctx); }

SEC("cgroup/sendmsg4")
int balance_sendmsg4(struct bpf_sock_addr* ctx) { return translate4(ctx); }

SEC("cgroup/sendmsg6")
int balance_sendmsg6(struct bpf_sock_addr* ctx) { return translate6(ctx); }

SEC("cgroup/recvmsg4")
int restore_recvmsg4(struct bpf_sock_addr* ctx) { return restore4(ctx); }

SEC("cgroup/recvmsg6")
int restore_recvmsg6(struct bpf_sock_addr* ctx) { return restore6(ctx); }

SEC("cgroup/getpeername4")
int restore_peer4(struct bpf_sock_addr* ctx) { return restore4(ctx); }

SEC("cgroup/getpeername6")
int restore_peer6(struct bpf_sock_addr* ctx) { return restore6(ctx); }

char _license[] SEC("license") = "Dual BSD/GPL";
