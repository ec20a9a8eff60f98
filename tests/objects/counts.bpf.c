// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Counts which system calls on sockets there were, by the program that each of them runs.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u32 creates, releases, binds, post_binds, connects, sends, receives;
__u32 local_names, peer_names, option_writes, option_reads;

#define COUNT(section, function, context, counter)            \
  SEC(section)                                                \
  int function(struct context* ctx __attribute__((unused))) { \
    __sync_fetch_and_add(&counter, 1);                        \
    return 1;                                                 \
  }

COUNT("cgroup/sock_create", count_create, bpf_sock, creates)
COUNT("cgroup/sock_release", count_release, bpf_sock, releases)
COUNT("cgroup/bind4", count_bind, bpf_sock_addr, binds)
COUNT("cgroup/post_bind4", count_post_bind, bpf_sock, post_binds)
COUNT("cgroup/connect4", count_connect, bpf_sock_addr, connects)
COUNT("cgroup/sendmsg4", count_send, bpf_sock_addr, sends)
COUNT("cgroup/recvmsg4", count_receive, bpf_sock_addr, receives)
COUNT("cgroup/getsockname4", count_local_name, bpf_sock_addr, local_names)
COUNT("cgroup/getpeername4", count_peer_name, bpf_sock_addr, peer_names)
COUNT("cgroup/setsockopt", count_option_write, bpf_sockopt, option_writes)
COUNT("cgroup/getsockopt", count_option_read, bpf_sockopt, option_reads)

char _license[] SEC("license") = "Dual BSD/GPL";
