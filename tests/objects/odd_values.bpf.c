// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Values that are awkward to write, expect or add up, and global variables of every kind. Each dial is
// counted.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Clang before 15 cuts the second to 32 bits in BTF.
enum wide {
  WIDE_SMALL = 1,
  WIDE_LARGE = 0x123456789abcULL,
};

enum flag {
  FLAG_SEEN = 1,
  FLAG_SENT = 2,
  FLAG_LOST = 4,
};

struct odd {
  void* pointer;
  struct odd* next;
  enum wide wide;
  enum flag flags;
  __u32 after;
  union {
    __u64 whole;
    struct {
      __u32 low;
      __u32 high;
    };
  };
  __int128 huge;
};

struct line {
  __u32 count;
  __u32 items[];
};

struct letter {
  __u16 port;
  char text[];
};

struct hits {
  __u64 dials;
  __s32 balance;
  __u32 by_half[2];
};

struct settings {
  __u16 port;
  __u16 limit;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct odd);
} odds SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct line) + 4 * sizeof(__u32));
} lines SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} letters SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct hits);
} per_cpu SEC(".maps");

const volatile __u32 fixed = 7;
static volatile __u32 step = 1;
__u64 dials;
__u16 seen_port;
enum wide widest = WIDE_SMALL;
struct settings settings = {.port = 80, .limit = 5};

static __always_inline void remember(__u16 port) {
  struct line line = {.count = 1};
  struct letter* letter = bpf_ringbuf_reserve(&letters, sizeof(*letter) + 5, 0);
  __u32 key = port;

  if (letter) {
    letter->port = port;
    __builtin_memcpy(letter->text, "dial", 5);
    bpf_ringbuf_submit(letter, 0);
  }
  if (line.count > fixed) bpf_map_delete_elem(&lines, &key);
}

SEC("cgroup/connect4")
int observe(struct bpf_sock_addr* ctx) {
  __u32 key = 0;
  struct hits* hits = bpf_map_lookup_elem(&per_cpu, &key);

  seen_port = bpf_ntohs(ctx->user_port);
  __sync_fetch_and_add(&dials, step);
  if (hits) {
    hits->dials++;
    hits->balance -= 2;
    hits->by_half[seen_port & 1]++;
  }
  remember(seen_port);
  return seen_port != settings.port || widest == 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
