// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Declares its maps by sizes alone and leaves none of its types in the object, like objects in the field: it
// can only be tested together with an object of types. A dialled frontend whose backend has a waypoint goes
// there.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "mesh_types.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1000);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(frontend_key));
  __uint(value_size, sizeof(frontend_value));
} km_frontend SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1000);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(backend_key));
  __uint(value_size, sizeof(backend_value));
} km_backend SEC(".maps");

SEC("cgroup/connect4")
int redirect(struct bpf_sock_addr* ctx) {
  frontend_key key = {};
  backend_key backend_key = {};
  const frontend_value* frontend;
  const backend_value* backend;

  key.addr.ip4 = ctx->user_ip4;
  frontend = bpf_map_lookup_elem(&km_frontend, &key);
  if (!frontend) return 1;
  backend_key.backend_uid = frontend->upstream_id;
  backend = bpf_map_lookup_elem(&km_backend, &backend_key);
  if (!backend || backend->waypoint_port == 0) return 1;
  ctx->user_ip4 = backend->wp_addr.ip4;
  ctx->user_port = backend->waypoint_port;
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
