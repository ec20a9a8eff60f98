// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The way of libbpf 1.x. Its ring buffers have no type, so a global keeps that of their records in the
// object.
#include "meter.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct meter_key);
  __type(value, struct meter_limit);
} limits SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct meter_key);
  __type(value, struct meter_count);
} counts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");

struct meter_event* unused_meter_event;

SEC("tc")
int meter_ingress(struct __sk_buff* skb) { return meter(skb, &limits, &counts, &events); }

char _license[] SEC("license") = "Dual BSD/GPL";
