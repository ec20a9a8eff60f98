// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Maps of the types that came after Linux 5.10, up to 6.2.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Newer than the headers of Debian 12.
#define CGRP_STORAGE 32

struct {
  __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
  __uint(max_entries, 16);
  __type(value, __u32);
} bloom_filter SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
  __uint(max_entries, 4096);
} user_ringbuf SEC(".maps");

struct {
  __uint(type, CGRP_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u32);
} cgrp_storage SEC(".maps");

struct command {
  __u32 mark;
  __u32 times;
};

struct command* unused_command;

// What the last drain took.
__u32 last_mark = 0;
__u32 total = 0;

static long take(struct bpf_dynptr* record, void* context __attribute__((unused))) {
  struct command command;

  if (bpf_dynptr_read(&command, sizeof(command), record, 0, 0)) return 1;
  last_mark = command.mark;
  total += command.mark * command.times;
  return 0;
}

// Returns how many records it took, and marks its packet with the last.
SEC("tc")
int drain(struct __sk_buff* skb) {
  long taken = bpf_user_ringbuf_drain(&user_ringbuf, take, (void*)0, 0);

  skb->mark = last_mark;
  return taken;
}

char _license[] SEC("license") = "Dual BSD/GPL";
