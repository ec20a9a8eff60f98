// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Writes a record for each packet into a perf event array, from a test run or from traffic.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct packet_record {
  __u32 number;
  __u32 length;
  __u32 kind;
};

struct packet_record* unused_packet_record;

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} packets SEC(".maps");

__u32 written = 0;

SEC("xdp")
int report_packet(struct xdp_md* ctx) {
  struct packet_record record = {};

  record.number = written++;
  record.length = ctx->data_end - ctx->data;
  record.kind = 7;
  bpf_perf_event_output(ctx, &packets, BPF_F_CURRENT_CPU, &record, sizeof(record));
  return XDP_PASS;
}

SEC("cgroup_skb/egress")
int report_egress(struct __sk_buff* skb) {
  struct packet_record record = {};

  record.number = written++;
  record.length = skb->len;
  record.kind = 8;
  bpf_perf_event_output(skb, &packets, BPF_F_CURRENT_CPU, &record, sizeof(record));
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
