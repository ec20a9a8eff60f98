// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// iproute2 puts a program of section ID/SLOT into that slot of the program array with that id.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_elf_map {
  __u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_elf_map SEC("maps") jumps = {
    .type = BPF_MAP_TYPE_PROG_ARRAY, .size_key = 4, .size_value = 4, .max_elem = 2, .id = 3};

SEC("3/1")
int drop(struct __sk_buff* skb) {
  (void)skb;
  return 2;
}

SEC("classifier")
int entry(struct __sk_buff* skb) {
  bpf_tail_call(skb, &jumps, 1);
  return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
