// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A big map, a ring buffer with a program that fills it, and a program that does nothing.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct flow {
  __u32 address;
  __u16 port;
  __u8 protocol;
  __u8 is_inbound;
};

struct traffic {
  __u64 packets;
  __u64 bytes;
  __u64 last_seen;
  __u32 drops;
  __u32 retries;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 20);
  __type(key, struct flow);
  __type(value, struct traffic);
} entries SEC(".maps");

// By sizes, so that the worker decodes nothing.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 20);
  __uint(key_size, sizeof(struct flow));
  __uint(value_size, sizeof(struct traffic));
} bytes SEC(".maps");

struct record {
  __u64 number;
  __u32 length;
  __u32 verdict;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 32 << 20);
} records SEC(".maps");

// The record that was written last; a global, so that BTF has its type.
struct record record = {};

// 1,000 records of 16 bytes a run.
SEC("xdp")
int write_records(struct xdp_md* ctx __attribute__((unused))) {
  for (int i = 0; i < 1000; ++i) {
    record.number++;
    bpf_ringbuf_output(&records, &record, sizeof(record), BPF_RB_NO_WAKEUP);
  }
  return XDP_PASS;
}

// As little as a test run can do.
SEC("xdp")
int pass(struct xdp_md* ctx __attribute__((unused))) { return XDP_PASS; }

char _license[] SEC("license") = "Dual BSD/GPL";
