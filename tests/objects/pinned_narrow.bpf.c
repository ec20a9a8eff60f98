// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The shared map of pinned_map, with another size.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
  __uint(pinning, LIBBPF_PIN_BY_NAME);
} shared SEC(".maps");

char _license[] SEC("license") = "Dual BSD/GPL";
