// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Maps whose types are numbers that a test finds in the object's BTF and replaces.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, 0x5a5a);
  __uint(max_entries, 4096);
  __uint(key_size, 4);
  __uint(value_size, 4);
} any_map SEC(".maps");

struct inner_map {
  __uint(type, 0x5b5b);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __uint(value_size, 4);
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, struct inner_map);
} any_outer_map SEC(".maps");

char _license[] SEC("license") = "GPL";
