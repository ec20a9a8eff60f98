// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What sockets remember. Used by all programs.
#pragma once

#include <bpf/bpf_helpers.h>

#include "mesh_types.h"

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct sock_storage_data);
} km_sockstorage SEC(".maps");

static __always_inline struct sock_storage_data* get_storage(struct bpf_sock* sk) {
  return bpf_sk_storage_get(&km_sockstorage, sk, NULL, 0);
}

static __always_inline struct sock_storage_data* get_or_create_storage(struct bpf_sock* sk) {
  return bpf_sk_storage_get(&km_sockstorage, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}
