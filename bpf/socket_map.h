// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The connections whose first message gets a header: sockops puts them in, sendmsg is attached to it.
#pragma once

#include <bpf/bpf_helpers.h>

#include "mesh_types.h"

// Keys have their ports in network order.
struct {
  __uint(type, BPF_MAP_TYPE_SOCKHASH);
  __uint(max_entries, 8192);
  __type(key, struct bpf_sock_tuple);
  __type(value, __u32);
} km_socket SEC(".maps");
