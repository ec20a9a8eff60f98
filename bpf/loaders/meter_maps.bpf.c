// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The way of libbpf before 1.0, and of loaders that followed it: definitions in a section `maps`, with types
// by BPF_ANNOTATE_KV_PAIR. Their headers had both; libbpf's have neither any more.
#include "meter.h"

struct bpf_map_def {
  unsigned int type;
  unsigned int key_size;
  unsigned int value_size;
  unsigned int max_entries;
  unsigned int map_flags;
};

#define BPF_ANNOTATE_KV_PAIR(name, type_key, type_val) \
  struct ____btf_map_##name {                          \
    type_key key;                                      \
    type_val value;                                    \
  };                                                   \
  struct ____btf_map_##name __attribute__((section(".maps." #name), used)) ____btf_map_##name = {}

struct bpf_map_def SEC("maps") limits = {
    .type = BPF_MAP_TYPE_HASH,
    .key_size = sizeof(struct meter_key),
    .value_size = sizeof(struct meter_limit),
    .max_entries = 64,
};
BPF_ANNOTATE_KV_PAIR(limits, struct meter_key, struct meter_limit);

struct bpf_map_def SEC("maps") counts = {
    .type = BPF_MAP_TYPE_HASH,
    .key_size = sizeof(struct meter_key),
    .value_size = sizeof(struct meter_count),
    .max_entries = 64,
    .map_flags = BPF_F_NO_PREALLOC,
};
BPF_ANNOTATE_KV_PAIR(counts, struct meter_key, struct meter_count);

struct bpf_map_def SEC("maps") events = {
    .type = BPF_MAP_TYPE_RINGBUF,
    .max_entries = 4096,
};

struct meter_event* unused_meter_event;

SEC("classifier/meter")
int meter_ingress(struct __sk_buff* skb) { return meter(skb, &limits, &counts, &events); }

char _license[] SEC("license") = "Dual BSD/GPL";
