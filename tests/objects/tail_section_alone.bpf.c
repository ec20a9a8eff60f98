// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A section ID/SLOT of iproute2 beside nothing that tells its type, for a slot that its program array lacks.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_elf_map {
  __u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_elf_map SEC("maps") jumps = {
    .type = BPF_MAP_TYPE_PROG_ARRAY, .size_key = 4, .size_value = 4, .max_elem = 2, .id = 3};

SEC("3/2")
int drop(struct __sk_buff* skb) {
  if (skb->len == 0) bpf_tail_call(skb, &jumps, 1);
  return 2;
}

char _license[] SEC("license") = "Dual BSD/GPL";
