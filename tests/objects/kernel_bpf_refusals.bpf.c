// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs that every verifier refuses, each for another reason; each loads only if it is picked.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  // A hash: in an array, recent verifiers know that a constant index exists.
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");

SEC("?cgroup/connect4")
int forgets_null(struct bpf_sock_addr* ctx __attribute__((unused))) {
  __u32 key = 0;
  __u64* counter = bpf_map_lookup_elem(&counters, &key);

  *counter += 1;
  return 1;
}

SEC("?cgroup/connect4")
int returns_too_much(struct bpf_sock_addr* ctx __attribute__((unused))) { return 17; }

SEC("?cgroup/connect4")
int keeps_a_socket(struct bpf_sock_addr* ctx) {
  struct bpf_sock_tuple tuple = {};
  struct bpf_sock* socket = bpf_sk_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

  return socket != 0;
}

// Twenty thousand rounds that the verifier walks one by one, and then a fault: megabytes of log.
SEC("?cgroup/connect4")
int talks_long(struct bpf_sock_addr* ctx) {
  __u32 key = 0;
  __u64 sum = ctx->user_port;
  __u64* counter;

  for (int i = 0; i < 20000; ++i) {
    sum += i ^ (sum >> 3);
    asm volatile("" : "+r"(sum));
  }
  counter = bpf_map_lookup_elem(&counters, &key);
  *counter = sum;
  return 1;
}

// Shorter, and without a fault: it is accepted, however long its log is.
SEC("?cgroup/connect4")
int talks_long_but_well(struct bpf_sock_addr* ctx) {
  __u64 sum = ctx->user_port;

  for (int i = 0; i < 3000; ++i) {
    sum += i ^ (sum >> 3);
    asm volatile("" : "+r"(sum));
  }
  return sum & 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
