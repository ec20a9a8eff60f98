// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map of every type that may load and that Linux 5.10 has, for the table of docs/maps.md. Newer types are
// in map_types_new.bpf.c.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAP(map_name, map_type, entries, key_type, value_type) \
  struct {                                                     \
    __uint(type, BPF_MAP_TYPE_##map_type);                     \
    __uint(max_entries, entries);                              \
    __type(key, key_type);                                     \
    __type(value, value_type);                                 \
  } map_name SEC(".maps")

MAP(hash, HASH, 4, __u32, __u32);
MAP(array, ARRAY, 4, __u32, __u32);
MAP(percpu_hash, PERCPU_HASH, 4, __u32, __u32);
MAP(percpu_array, PERCPU_ARRAY, 4, __u32, __u32);
MAP(lru_hash, LRU_HASH, 4, __u32, __u32);
MAP(lru_percpu_hash, LRU_PERCPU_HASH, 4, __u32, __u32);
MAP(prog_array, PROG_ARRAY, 4, __u32, __u32);
MAP(sockmap, SOCKMAP, 4, __u32, __u64);
MAP(sockhash, SOCKHASH, 4, __u32, __u64);
MAP(reuseport_sockarray, REUSEPORT_SOCKARRAY, 4, __u32, __u64);
MAP(devmap, DEVMAP, 4, __u32, __u32);
MAP(devmap_hash, DEVMAP_HASH, 4, __u32, __u32);
MAP(cpumap, CPUMAP, 1, __u32, __u32);

#define SIZES_ONLY(map_name, map_type, entries, key_bytes, value_bytes) \
  struct {                                                              \
    __uint(type, BPF_MAP_TYPE_##map_type);                              \
    __uint(max_entries, entries);                                       \
    __uint(key_size, key_bytes);                                        \
    __uint(value_size, value_bytes);                                    \
  } map_name SEC(".maps")

SIZES_ONLY(stack_trace, STACK_TRACE, 4, 4, 64);
SIZES_ONLY(cgroup_array, CGROUP_ARRAY, 4, 4, 4);
SIZES_ONLY(xskmap, XSKMAP, 4, 4, 4);
SIZES_ONLY(perf_event_array, PERF_EVENT_ARRAY, 0, 4, 4);

struct prefix {
  __u32 length;
  __u8 address[4];
};

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 4);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct prefix);
  __type(value, __u32);
} lpm_trie SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, 4);
  __type(value, __u32);
} queue SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, 4);
  __type(value, __u32);
} stack SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ringbuf SEC(".maps");

struct inner_map {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
};

struct inner_map inner SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner_map);
} array_of_maps SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner_map);
} hash_of_maps SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u32);
} sk_storage SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
  __type(key, struct bpf_cgroup_storage_key);
  __type(value, __u32);
} cgroup_storage SEC(".maps");

// Shared by all kinds of attachment: the key is the cgroup alone.
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
  __type(key, __u64);
  __type(value, __u32);
} percpu_cgroup_storage SEC(".maps");

// Has an entry in both storages once it is attached.
SEC("cgroup_skb/egress")
int count_packets(struct __sk_buff* skb __attribute__((unused))) {
  __u32* count = bpf_get_local_storage(&cgroup_storage, 0);

  __sync_fetch_and_add(count, 1);
  count = bpf_get_local_storage(&percpu_cgroup_storage, 0);
  *count += 1;
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
