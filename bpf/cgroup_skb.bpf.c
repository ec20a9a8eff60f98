// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Reports long-lived connections of managed addresses every five seconds, when packets pass. Never drops a
// packet.
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_helpers.h>

#include "address.h"
#include "manage.h"
#include "probe.h"
#include "storage.h"

#define REPORT_INTERVAL_NS (5ULL * 1000 * 1000 * 1000)

// Both must be 1 for anything to be reported. May be changed while the programs run.
volatile __u32 enable_monitoring = 0;
volatile __u32 enable_periodic_report = 0;

static __always_inline bool is_due(const struct sock_storage_data* storage) {
  __u64 since = bpf_ktime_get_ns() - storage->last_report_ns;

  return storage->last_report_ns != 0 && since > REPORT_INTERVAL_NS;  // bpfrig: equivalent: by 1 ns
}

static __always_inline void observe(struct __sk_buff* skb) {
  struct sock_storage_data* storage;
  struct manager_key local = {};
  struct endpoints ends = {};
  struct bpf_sock* sk;

  if (enable_monitoring != 1 || enable_periodic_report != 1) return;
  sk = skb->sk;
  if (!sk) return;
  sk = bpf_sk_fullsock(sk);
  if (!sk || sk->protocol != IPPROTO_TCP) return;  // bpfrig: equivalent: bpf_tcp_sock() asks again
  if (sk->family != AF_INET && sk->family != AF_INET6) return;  // bpfrig: equivalent: TCP has no other
  read_endpoints(sk, &ends);
  local.addr = ends.local;
  if (!is_managed(&local)) return;
  storage = get_storage(sk);
  if (!storage || !is_due(storage)) return;  // bpfrig: equivalent: by 1 ns
  report_probe(sk, &ends, storage, BPF_TCP_ESTABLISHED);
}

SEC("cgroup_skb/ingress")
int cgroup_skb_ingress_prog(struct __sk_buff* skb) {
  observe(skb);
  return 1;
}

SEC("cgroup_skb/egress")
int cgroup_skb_egress_prog(struct __sk_buff* skb) {
  observe(skb);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
