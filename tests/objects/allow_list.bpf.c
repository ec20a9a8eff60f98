// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Allows by numbers that only a running kernel knows: cgroups may connect, interfaces may send; and keeps who
// connected.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct who {
  __u64 cgroup;
  __u32 pid;
  __u32 uid;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, __u64);
  __type(value, __u32);
} allowed_cgroups SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, __u32);
} allowed_interfaces SEC(".maps");

// By the socket's cookie.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, __u64);
  __type(value, struct who);
} seen SEC(".maps");

SEC("cgroup/connect4")
int allow_cgroup(struct bpf_sock_addr* ctx) {
  __u64 cookie = bpf_get_socket_cookie(ctx);
  struct who who = {.cgroup = bpf_get_current_cgroup_id(),
                    .pid = bpf_get_current_pid_tgid() >> 32,
                    .uid = bpf_get_current_uid_gid()};

  bpf_map_update_elem(&seen, &cookie, &who, BPF_ANY);
  return bpf_map_lookup_elem(&allowed_cgroups, &who.cgroup) ? 1 : 0;
}

SEC("cgroup_skb/egress")
int allow_interface(struct __sk_buff* skb) {
  __u32 interface = skb->ifindex;

  return bpf_map_lookup_elem(&allowed_interfaces, &interface) ? 1 : 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
