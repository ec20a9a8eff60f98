// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Maps of every old kind, beside one of today's: in the sections `maps` and `maps/NAME`, with and without
// flags, by iproute2's struct, one map in another. A connect counts in each.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct old_def {
  __u32 type, key_size, value_size, max_entries;
};
struct bpf_map_def {
  __u32 type, key_size, value_size, max_entries, map_flags;
};
struct bpf_elf_map {
  __u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} modern SEC(".maps");

struct old_def SEC("maps") oldest = {BPF_MAP_TYPE_ARRAY, 4, 8, 1};
struct bpf_map_def SEC("maps") flagged = {BPF_MAP_TYPE_HASH, 4, 8, 4, BPF_F_NO_PREALLOC};
struct bpf_map_def SEC("maps/alone") alone = {BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0};
struct bpf_elf_map SEC("maps") inner = {
    .type = BPF_MAP_TYPE_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 7, .inner_idx = 1};
// A template alone: it is put nowhere.
struct bpf_elf_map SEC("maps") pattern = {
    .type = BPF_MAP_TYPE_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 8, .inner_idx = -1};
struct bpf_elf_map SEC("maps") outer_of_patterns = {
    .type = BPF_MAP_TYPE_HASH_OF_MAPS, .size_key = 4, .size_value = 4, .max_elem = 2, .inner_id = 8};
struct bpf_elf_map SEC("maps") outer = {
    .type = BPF_MAP_TYPE_HASH_OF_MAPS, .size_key = 4, .size_value = 4, .max_elem = 2, .inner_id = 7};

// The kernel makes it only if it takes the object's types. With what BPF_ANNOTATE_KV_PAIR(storage, int,
// __u64) makes.
struct bpf_map_def SEC("maps") storage = {BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC};
struct ____btf_map_storage {
  int key;
  __u64 value;
};
struct ____btf_map_storage __attribute__((section(".maps.storage"), used)) ____btf_map_storage = {};

static __always_inline void count_in(void* map) {
  const __u32 key = 0;
  const __u64 one = 1;
  __u64* value = bpf_map_lookup_elem(map, &key);

  if (value == NULL) {
    bpf_map_update_elem(map, &key, &one, BPF_ANY);
  } else {
    __sync_fetch_and_add(value, 1);
  }
}

SEC("cgroup/connect4")
int count_connect(struct bpf_sock_addr* ctx) {
  const __u32 slot = 1;
  void* found;

  (void)ctx;
  count_in(&modern);
  count_in(&oldest);
  count_in(&flagged);
  count_in(&alone);
  found = bpf_map_lookup_elem(&outer, &slot);
  if (found != NULL) count_in(found);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
