// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Sections as other loaders and later libbpfs have them, which tell a program's type.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp-entry")
int pass_frame(struct xdp_md* ctx) {
  (void)ctx;
  return XDP_PASS;
}

SEC("tc/meter")
int pass_any(struct __sk_buff* skb) {
  (void)skb;
  return 0;
}

SEC("tcx/egress")
int pass_out(struct __sk_buff* skb) {
  (void)skb;
  return -1;
}

SEC("cgroup/connect4/policy")
int pass_connect(struct bpf_sock_addr* ctx) {
  (void)ctx;
  return 1;
}

SEC("sk_msg/one")
int pass_message(struct sk_msg_md* msg) {
  (void)msg;
  return SK_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
