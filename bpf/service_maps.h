// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The maps of services and backends. They are declared by sizes only, as the control plane that fills them
// expects; the unused pointers keep their types in the object. Used by cgroup_sock.
#pragma once

#include <bpf/bpf_helpers.h>

#include "mesh_types.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 105000);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(frontend_key));
  __uint(value_size, sizeof(frontend_value));
} km_frontend SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 5000);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(service_key));
  __uint(value_size, sizeof(service_value));
} km_service SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 105000);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(endpoint_key));
  __uint(value_size, sizeof(endpoint_value));
} km_endpoint SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 100000);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(key_size, sizeof(backend_key));
  __uint(value_size, sizeof(backend_value));
} km_backend SEC(".maps");

frontend_key* unused_frontend_key;
frontend_value* unused_frontend_value;
service_key* unused_service_key;
service_value* unused_service_value;
endpoint_key* unused_endpoint_key;
endpoint_value* unused_endpoint_value;
backend_key* unused_backend_key;
backend_value* unused_backend_value;
