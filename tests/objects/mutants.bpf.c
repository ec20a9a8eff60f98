// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Something to change for each of bpfrig's mutators, at lines that tests find by the comments at their ends.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, __u32);
} seen SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} next SEC(".maps");

static __always_inline __u32 with_flag(__u32 number) {
  return number | 0x100;  // inlined
}

static __noinline __u32 with_sum(__u32 number) {
  __u32 sum = 0;
  for (__u32 i = 0; i < 3; ++i) sum += number + bpf_get_prandom_u32() * 0;
  return sum + 11;  // subprogram
}

SEC("tc")
int mutants(struct __sk_buff* skb) {
  __u32 mark = skb->mark;
  if (mark > 100) return TC_ACT_SHOT;   // bound
  skb->priority = mark * 3;             // arithmetic
  skb->cb[3] = bpf_htons((__u16)mark);  // byte swap
  skb->cb[0] = 7;                       // store
  skb->cb[1] = with_flag(mark);
  skb->cb[2] = with_sum(mark);
  bpf_map_update_elem(&seen, &mark, &mark, BPF_ANY);  // call
  if (mark == 9) bpf_map_delete_elem(&seen, &mark);   // deleted
  return TC_ACT_OK;
}

SEC("xdp")
int pass_all(struct xdp_md* ctx __attribute__((unused))) {
  return XDP_PASS;  // verdict
}

// Two more in the section of the first.
SEC("tc")
int chained(struct __sk_buff* skb) {
  bpf_tail_call(skb, &next, 0);  // tail call
  return TC_ACT_SHOT;
}

SEC("tc")
int third(struct __sk_buff* skb) {
  skb->priority = 3;  // third
  return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
