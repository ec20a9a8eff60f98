// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// One program for every place of a sandbox that a program can be attached to. They change nothing.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_SOCKMAP);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u64);
} sockets SEC(".maps");

#define PASSES(section, name, context, verdict) \
  SEC("?" section)                              \
  int name(struct context* ctx __attribute__((unused))) { return verdict; }

PASSES("cgroup_skb/ingress", skb_ingress, __sk_buff, 1)
PASSES("cgroup_skb/egress", skb_egress, __sk_buff, 1)
PASSES("cgroup/sock_create", sock_create, bpf_sock, 1)
PASSES("cgroup/sock_release", sock_release, bpf_sock, 1)
PASSES("cgroup/post_bind4", post_bind4, bpf_sock, 1)
PASSES("cgroup/post_bind6", post_bind6, bpf_sock, 1)
PASSES("cgroup/bind4", bind4, bpf_sock_addr, 1)
PASSES("cgroup/bind6", bind6, bpf_sock_addr, 1)
PASSES("cgroup/connect4", connect4, bpf_sock_addr, 1)
PASSES("cgroup/connect6", connect6, bpf_sock_addr, 1)
PASSES("cgroup/connect_unix", connect_unix, bpf_sock_addr, 1)
PASSES("cgroup/sendmsg4", sendmsg4, bpf_sock_addr, 1)
PASSES("cgroup/sendmsg6", sendmsg6, bpf_sock_addr, 1)
PASSES("cgroup/sendmsg_unix", sendmsg_unix, bpf_sock_addr, 1)
PASSES("cgroup/recvmsg4", recvmsg4, bpf_sock_addr, 1)
PASSES("cgroup/recvmsg6", recvmsg6, bpf_sock_addr, 1)
PASSES("cgroup/recvmsg_unix", recvmsg_unix, bpf_sock_addr, 1)
PASSES("cgroup/getpeername4", getpeername4, bpf_sock_addr, 1)
PASSES("cgroup/getpeername6", getpeername6, bpf_sock_addr, 1)
PASSES("cgroup/getpeername_unix", getpeername_unix, bpf_sock_addr, 1)
PASSES("cgroup/getsockname4", getsockname4, bpf_sock_addr, 1)
PASSES("cgroup/getsockname6", getsockname6, bpf_sock_addr, 1)
PASSES("cgroup/getsockname_unix", getsockname_unix, bpf_sock_addr, 1)
PASSES("cgroup/getsockopt", getsockopt, bpf_sockopt, 1)
PASSES("cgroup/setsockopt", setsockopt, bpf_sockopt, 1)
PASSES("sockops", sock_ops, bpf_sock_ops, 1)
PASSES("sk_lookup", look_up, bpf_sk_lookup, SK_PASS)
PASSES("sk_msg", message, sk_msg_md, SK_PASS)
PASSES("sk_skb/stream_verdict", stream_verdict, __sk_buff, SK_PASS)
PASSES("sk_skb/verdict", verdict, __sk_buff, SK_PASS)
PASSES("socket", filter, __sk_buff, 0xffff)
PASSES("sk_reuseport", reuseport, sk_reuseport_md, SK_PASS)
PASSES("sk_reuseport/migrate", reuseport_migrate, sk_reuseport_md, SK_PASS)
PASSES("xdp", xdp, xdp_md, XDP_PASS)
PASSES("tcx/ingress", tcx_ingress, __sk_buff, 0)
PASSES("tcx/egress", tcx_egress, __sk_buff, 0)

SEC("?sk_skb/stream_parser")
int stream_parser(struct __sk_buff* skb) { return skb->len; }

char _license[] SEC("license") = "Dual BSD/GPL";
