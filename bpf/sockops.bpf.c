// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Follows TCP connections of managed addresses from established to closed: reports them, asks for their
// authorisation, and hands those that go through a waypoint to sendmsg.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "address.h"
#include "manage.h"
#include "probe.h"
#include "socket_map.h"
#include "storage.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} km_auth_req SEC(".maps");

// The verdicts on them; keys have their ports in host order.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct bpf_sock_tuple);
  __type(value, __u32);
} km_auth_res SEC(".maps");

// A ring buffer's declaration has no type.
struct ringbuf_msg_type* unused_ringbuf_msg_type;

static __always_inline void on_connect(const struct endpoints* ends) {
  struct manager_key local = {.addr = ends->local};

  handle_control_connect(&ends->remote, ends->ipv4, ends->remote_port, &local);
}

static __always_inline void on_established(struct bpf_sock_ops* skops, struct bpf_sock* sk,
                                           const struct endpoints* ends, enum direction direction) {
  struct sock_storage_data* storage = get_or_create_storage(sk);

  if (!storage) return;
  storage->connect_success = 1;
  storage->direction = direction;
  if (storage->connect_ns == 0) storage->connect_ns = bpf_ktime_get_ns();
  report_probe(sk, ends, storage, BPF_TCP_ESTABLISHED);
  bpf_sock_ops_cb_flags_set(skops, skops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
}

static __always_inline void on_active_established(struct bpf_sock_ops* skops, struct bpf_sock* sk,
                                                  const struct endpoints* ends) {
  struct sock_storage_data* storage;
  struct bpf_sock_tuple tuple = {};

  on_established(skops, sk, ends, DIRECTION_OUTBOUND);
  storage = get_storage(sk);
  if (!storage || !storage->via_waypoint) return;
  local_tuple(ends, &tuple);
  bpf_sock_hash_update(skops, &km_socket, &tuple, BPF_ANY);
}

static __always_inline void on_passive_established(struct bpf_sock_ops* skops, struct bpf_sock* sk,
                                                   const struct endpoints* ends) {
  struct ringbuf_msg_type request = {};

  on_established(skops, sk, ends, DIRECTION_INBOUND);
  request.type = ends->ipv4 ? IP_VERSION_4 : IP_VERSION_6;
  client_tuple(ends, DIRECTION_INBOUND, &request.tuple);
  bpf_ringbuf_output(&km_auth_req, &request, sizeof(request), 0);
}

static __always_inline void on_close(struct bpf_sock* sk, const struct endpoints* ends) {
  struct sock_storage_data* storage = get_storage(sk);
  struct bpf_sock_tuple tuple = {};

  if (!storage) return;
  report_probe(sk, ends, storage, BPF_TCP_CLOSE);
  client_tuple(ends, storage->direction, &tuple);
  bpf_map_delete_elem(&km_auth_res, &tuple);
}

SEC("sockops")
int sockops_prog(struct bpf_sock_ops* skops) {
  struct manager_key local = {};
  struct endpoints ends = {};
  struct bpf_sock* sk = skops->sk;

  if (!sk || (skops->family != AF_INET && skops->family != AF_INET6)) return 0;
  read_endpoints(sk, &ends);
  local.addr = ends.local;
  switch (skops->op) {
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
      on_connect(&ends);
      break;
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
      if (is_managed(&local)) on_active_established(skops, sk, &ends);
      break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
      if (is_managed(&local)) on_passive_established(skops, sk, &ends);
      break;
    case BPF_SOCK_OPS_STATE_CB:
      // Asked for on managed connections only.
      if (skops->args[1] == BPF_TCP_CLOSE) on_close(sk, &ends);
      break;
  }
  return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
