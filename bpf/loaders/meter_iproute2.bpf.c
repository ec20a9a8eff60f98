// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The way of iproute2, which `tc filter add ... bpf` loads: its own struct for maps, pinned where others find
// them, and `classifier` for a section. Nothing gives the maps types; globals keep them in the object.
#include "meter.h"

#define PIN_NONE 0
#define PIN_GLOBAL_NS 2

struct bpf_elf_map {
  __u32 type;
  __u32 size_key;
  __u32 size_value;
  __u32 max_elem;
  __u32 flags;
  __u32 id;
  __u32 pinning;
  __u32 inner_id;
  __u32 inner_idx;
};

struct bpf_elf_map SEC("maps") limits = {
    .type = BPF_MAP_TYPE_HASH,
    .size_key = sizeof(struct meter_key),
    .size_value = sizeof(struct meter_limit),
    .max_elem = 64,
    .pinning = PIN_GLOBAL_NS,
};

struct bpf_elf_map SEC("maps") counts = {
    .type = BPF_MAP_TYPE_HASH,
    .size_key = sizeof(struct meter_key),
    .size_value = sizeof(struct meter_count),
    .max_elem = 64,
    .pinning = PIN_GLOBAL_NS,
};

struct bpf_elf_map SEC("maps") events = {
    .type = BPF_MAP_TYPE_RINGBUF,
    .max_elem = 4096,
    .pinning = PIN_NONE,
};

struct meter_key* unused_meter_key;
struct meter_limit* unused_meter_limit;
struct meter_count* unused_meter_count;
struct meter_event* unused_meter_event;

SEC("classifier")
int meter_ingress(struct __sk_buff* skb) { return meter(skb, &limits, &counts, &events); }

char _license[] SEC("license") = "Dual BSD/GPL";
