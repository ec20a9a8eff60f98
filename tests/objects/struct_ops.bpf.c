// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A congestion control, which would become the machine's.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct sock;
struct tcp_congestion_ops {
  __u32 (*ssthresh)(struct sock* sk);
  void (*cong_avoid)(struct sock* sk, __u32 ack, __u32 acked);
  __u32 (*undo_cwnd)(struct sock* sk);
  char name[16];
};

SEC("struct_ops/rig_ssthresh")
__u32 rig_ssthresh(unsigned long long* ctx __attribute__((unused))) { return 2; }

SEC("struct_ops/rig_cong_avoid")
void rig_cong_avoid(unsigned long long* ctx __attribute__((unused))) {}

SEC("struct_ops/rig_undo_cwnd")
__u32 rig_undo_cwnd(unsigned long long* ctx __attribute__((unused))) { return 2; }

SEC(".struct_ops")
struct tcp_congestion_ops rig_test_cc = {
    .ssthresh = (void*)rig_ssthresh,
    .cong_avoid = (void*)rig_cong_avoid,
    .undo_cwnd = (void*)rig_undo_cwnd,
    .name = "rig_test_cc",
};

char _license[] SEC("license") = "GPL";
