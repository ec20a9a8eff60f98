// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Lets every connect pass unchanged.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int noop_connect4(struct bpf_sock_addr* ctx __attribute__((unused))) { return 1; }

SEC("cgroup/connect6")
int noop_connect6(struct bpf_sock_addr* ctx __attribute__((unused))) { return 1; }

char _license[] SEC("license") = "Dual BSD/GPL";
