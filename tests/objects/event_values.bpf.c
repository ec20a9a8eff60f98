// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Maps of events whose value is the type of their events, as cilium/ebpf has it.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct packet {
  __u32 length;
  __u32 mark;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
  __type(value, struct packet);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __type(value, struct packet);
} perf SEC(".maps");

SEC("cgroup_skb/egress")
int report(struct __sk_buff* skb) {
  struct packet packet = {.length = skb->len, .mark = 7};

  bpf_ringbuf_output(&ring, &packet, sizeof(packet), 0);
  bpf_perf_event_output(skb, &perf, BPF_F_CURRENT_CPU, &packet, sizeof(packet));
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
