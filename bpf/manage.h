// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Which network namespaces and local addresses the mesh manages, and the control connects that say so. Used
// by every program except sendmsg.
#pragma once

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "mesh_types.h"

// A connect to 0.0.0.2 or ::2 on one of these ports is an instruction to the mesh.
#define CONTROL_ADDRESS 2
#define ENABLE_PORT 929
#define DISABLE_PORT 930

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct manager_key);
  __type(value, __u32);
} km_manage SEC(".maps");

static __always_inline bool is_managed(const struct manager_key* key) {
  return bpf_map_lookup_elem(&km_manage, key) != NULL;
}

static __always_inline bool is_control_address(const struct ip_addr* addr, bool ipv4) {
  if (ipv4) return addr->ip4 == bpf_htonl(CONTROL_ADDRESS);
  return addr->ip6[0] == 0 && addr->ip6[1] == 0 && addr->ip6[2] == 0 &&
         addr->ip6[3] == bpf_htonl(CONTROL_ADDRESS);
}

// Carries out a control connect for what the key names; false if the connect is not one. The port is in
// network order.
static __always_inline bool handle_control_connect(const struct ip_addr* addr, bool ipv4, __u16 port,
                                                   const struct manager_key* key) {
  __u32 value = 0;

  if (!is_control_address(addr, ipv4)) return false;
  if (port == bpf_htons(ENABLE_PORT)) {
    bpf_map_update_elem(&km_manage, key, &value, BPF_ANY);
    return true;
  }
  if (port == bpf_htons(DISABLE_PORT)) {
    bpf_map_delete_elem(&km_manage, key);
    return true;
  }
  return false;
}
