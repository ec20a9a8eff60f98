// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A program in a section that libbpf does not know: it loads only if its type is named. It redirects
// 10.96.0.1 to the variable's address (network order).
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DIALLED 0x0a600001

volatile __u32 destination = 0;

SEC("mesh/connect")
int redirect(struct bpf_sock_addr* ctx) {
  if (ctx->user_ip4 == bpf_htonl(DIALLED)) ctx->user_ip4 = destination;
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
