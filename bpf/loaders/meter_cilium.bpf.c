// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The way of cilium/ebpf, as bpf2go compiles it: the ring buffer has the type of its records for its value,
// and the size of the counts is left to user space.
#include "meter.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct meter_key);
  __type(value, struct meter_limit);
} limits SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, struct meter_key);
  __type(value, struct meter_count);
} counts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
  __type(value, struct meter_event);
} events SEC(".maps");

SEC("tcx/ingress")
int meter_ingress(struct __sk_buff* skb) { return meter(skb, &limits, &counts, &events); }

char _license[] SEC("license") = "Dual BSD/GPL";
