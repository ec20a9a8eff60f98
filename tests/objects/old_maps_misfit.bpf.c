// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// An old map whose value has another size than the type that it is given.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_map_def {
  __u32 type, key_size, value_size, max_entries, map_flags;
};
struct counter {
  __u64 packets;
};

struct bpf_map_def SEC("maps") counters = {BPF_MAP_TYPE_HASH, 4, 4, 1, 0};
// What BPF_ANNOTATE_KV_PAIR(counters, __u32, struct counter) makes.
struct ____btf_map_counters {
  __u32 key;
  struct counter value;
};
struct ____btf_map_counters __attribute__((section(".maps.counters"), used)) ____btf_map_counters = {};

char _license[] SEC("license") = "Dual BSD/GPL";
