// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A big map, a ring buffer with a program that fills it, and a program that does nothing.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// By sizes: nobody decodes what is in it.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 20);
  __uint(key_size, 8);
  __uint(value_size, 32);
} entries SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 32 << 20);
} records SEC(".maps");

__u64 written = 0;

// 1,000 records of 16 bytes a run.
SEC("xdp")
int write_records(struct xdp_md* ctx __attribute__((unused))) {
  __u64 record[2] = {};

  for (int i = 0; i < 1000; ++i) {
    record[0] = written++;
    bpf_ringbuf_output(&records, record, sizeof(record), BPF_RB_NO_WAKEUP);
  }
  return XDP_PASS;
}

// As little as a test run can do.
SEC("xdp")
int pass(struct xdp_md* ctx __attribute__((unused))) { return XDP_PASS; }

char _license[] SEC("license") = "Dual BSD/GPL";
