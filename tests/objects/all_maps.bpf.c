// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map of every kind that user space can fill, typed; globals in every section; and a program that proves
// which of them it sees: it counts its runs in the array `runs` and copies what it finds under the dialled
// port.
#include "all_types.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAP(map_name, map_type, entries, key_type, value_type) \
  struct {                                                     \
    __uint(type, map_type);                                    \
    __uint(max_entries, entries);                              \
    __type(key, key_type);                                     \
    __type(value, value_type);                                 \
  } map_name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, 1024, __u32, struct everything);
MAP(struct_key, BPF_MAP_TYPE_HASH, 64, struct point, __u64);
MAP(array, BPF_MAP_TYPE_ARRAY, 8, __u32, struct everything);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 64, __u32, struct point);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 4, __u32, __u32);
MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, 64, __u32, __u64);
MAP(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, 64, __u32, __u64);
MAP(sockmap, BPF_MAP_TYPE_SOCKMAP, 16, __u32, __u32);
MAP(sockhash, BPF_MAP_TYPE_SOCKHASH, 16, struct bpf_sock_tuple, __u32);
MAP(sockhash_with_cookies, BPF_MAP_TYPE_SOCKHASH, 16, struct bpf_sock_tuple, __u64);
MAP(runs, BPF_MAP_TYPE_ARRAY, 1, __u32, __u64);

struct prefix {
  __u32 length;
  __u32 address;  // network order
};

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 64);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct prefix);
  __type(value, __u32);
} lpm SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct everything);
} storage SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, 8);
  __type(value, __u32);
} queue SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, 8);
  __type(value, __u32);
} stack SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} programs SEC(".maps");

struct inner_map {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
};

struct inner_map inner_a SEC(".maps");
struct inner_map inner_b SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner_map);
} hash_of_maps SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner_map);
} array_of_maps SEC(".maps");

// What goes through the ring buffer: one record for each connect.
struct connect_event {
  __u32 address;  // network order
  __u16 port;     // host order
  __u8 tail_called;
  struct everything seen;  // the entry of `hash` for the dialled port, or zeroes
};

struct connect_event* unused_connect_event;
struct everything* unused_everything;

const volatile __u32 constant_number = 42;
const volatile enum colour constant_colour = COLOUR_GREEN;
volatile __u32 data_number = 7;
volatile struct point data_point = {1, -2};
volatile __u64 bss_number = 0;
volatile char bss_text[8] = {};
// Written by the tail-called program.
volatile __u32 tail_calls = 0;

static __always_inline void count_in_inner(void* outer, __u32 key) {
  __u32 first = 0;
  __u64* count;
  void* inner = bpf_map_lookup_elem(outer, &key);

  if (!inner) return;
  count = bpf_map_lookup_elem(inner, &first);
  if (count) __sync_fetch_and_add(count, 1);
}

static __always_inline void report(struct bpf_sock_addr* ctx, __u32 port) {
  struct everything* seen = bpf_map_lookup_elem(&hash, &port);
  struct connect_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

  if (!event) return;
  __builtin_memset(event, 0, sizeof(*event));
  event->address = ctx->user_ip4;
  event->port = port;
  if (seen) event->seen = *seen;
  bpf_ringbuf_submit(event, 0);
}

SEC("cgroup/connect4")
int connect_with_maps(struct bpf_sock_addr* ctx) {
  __u32 port = bpf_ntohs(ctx->user_port);
  __u32 first = 0;
  __u64* count = bpf_map_lookup_elem(&runs, &first);

  if (count) __sync_fetch_and_add(count, 1);
  bss_number += data_number + constant_number;
  report(ctx, port);
  count_in_inner(&hash_of_maps, port);
  count_in_inner(&array_of_maps, 0);
  bpf_tail_call(ctx, &programs, 0);
  return 1;
}

// For `programs`; nothing attaches it.
SEC("cgroup/connect4")
int tail_called(struct bpf_sock_addr* ctx __attribute__((unused))) {
  __sync_fetch_and_add(&tail_calls, 1);
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
