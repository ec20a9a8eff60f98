// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What the balancer knows: services and their backends, which user space writes; which client has which
// backend, and what each socket was told, which the programs write. Used by balancer.bpf.c.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

// An IPv4 address is in the first word, the rest of it zero. Address and port are in network order.
struct endpoint {
  __u32 address[4];
  __u16 port;
  __u16 protocol;  // IPPROTO_TCP or IPPROTO_UDP
};

struct service {
  __u32 id;
  __u32 backends;          // how many it has
  __u32 next;              // the one whose turn it is, modulo that number
  __u32 affinity_seconds;  // for how long a client keeps its backend; 0: each choice is new
};

struct backend_key {
  __u32 service;
  __u32 index;  // from 0
};

// A client is a network namespace: connect() knows no address of its own yet.
struct client_key {
  __u64 netns_cookie;
  __u64 service;
};

struct client_backend {
  __u64 expires_ns;
  __u64 index;
};

// A socket and the backend that it talks to.
struct translation_key {
  __u64 socket_cookie;
  struct endpoint backend;
  __u32 zero;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, struct endpoint);
  __type(value, struct service);
} services SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct backend_key);
  __type(value, struct endpoint);
} backends SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct client_key);
  __type(value, struct client_backend);
} clients SEC(".maps");

// From the backend back to the service that was dialled. One socket can send to many services, so this is not
// kept in the socket; entries of closed sockets go as the least recently used.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct translation_key);
  __type(value, struct endpoint);
} translations SEC(".maps");
