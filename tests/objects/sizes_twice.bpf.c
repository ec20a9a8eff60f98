// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map whose key has a size and a type that do not fit.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4);
  __uint(key_size, 8);
  __type(key, __u32);
  __type(value, __u64);
} misfit SEC(".maps");

char _license[] SEC("license") = "Dual BSD/GPL";
