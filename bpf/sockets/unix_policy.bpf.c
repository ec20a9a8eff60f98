// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Which abstract unix sockets may be reached, by the beginning of their names. Linux 6.7 or later.
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define REFUSE 0
#define ALLOW 1
#define NAME_BYTES 32

// Which beginning of a name is refused, zeroes after it. Nothing is, if it is empty.
const volatile char refused[NAME_BYTES];

// The kernel's own types, as far as they are needed: the context that programs see has no place for a name.
struct sockaddr_un {
  unsigned short sun_family;
  char sun_path[108];
} __attribute__((preserve_access_index));

struct bpf_sock_addr_kern {
  void* uaddr;
  __u32 uaddrlen;
} __attribute__((preserve_access_index));

extern void* bpf_cast_to_kern_ctx(void* ctx) __ksym;

static __always_inline int decide(struct bpf_sock_addr* ctx) {
  const struct bpf_sock_addr_kern* kernel = bpf_cast_to_kern_ctx(ctx);
  const struct sockaddr_un* address = kernel->uaddr;
  __u64 length = kernel->uaddrlen;
  char path[1 + NAME_BYTES] = {};

  // Of an abstract name the path's first byte is zero. The name ends with the address, and need not end in
  // zero: whatever is behind it does not belong to it.
  if (length <= sizeof(address->sun_family) || refused[0] == 0) return ALLOW;
  length -= sizeof(address->sun_family);
  if (length > sizeof(path)) length = sizeof(path);
  bpf_probe_read_kernel(path, length, address->sun_path);
  if (path[0] != 0) return ALLOW;
#pragma unroll
  for (int i = 0; i < NAME_BYTES; i++) {
    if (refused[i] == 0) return REFUSE;
    if (path[1 + i] != refused[i]) return ALLOW;
  }
  return REFUSE;
}

SEC("cgroup/connect_unix")
int decide_connect(struct bpf_sock_addr* ctx) { return decide(ctx); }

SEC("cgroup/sendmsg_unix")
int decide_send(struct bpf_sock_addr* ctx) { return decide(ctx); }

char _license[] SEC("license") = "Dual BSD/GPL";
