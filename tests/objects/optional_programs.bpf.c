// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs that are loaded unless somebody says otherwise, and some that are not, one of which cannot be.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int always(struct bpf_sock_addr* ctx) {
  (void)ctx;
  return 1;
}

SEC("?cgroup/connect4")
int refuse(struct bpf_sock_addr* ctx) {
  (void)ctx;
  return 0;
}

// No kernel takes that verdict.
SEC("?cgroup/connect4")
int broken(struct bpf_sock_addr* ctx) {
  (void)ctx;
  return 7;
}

SEC("sk_msg")
int needs_a_map(struct sk_msg_md* msg) {
  (void)msg;
  return SK_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
