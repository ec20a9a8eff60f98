// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// One of everything that BTF can describe and a map can hold.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

enum colour {
  COLOUR_RED = 1,
  COLOUR_GREEN = 2,
  COLOUR_BELOW_ZERO = -3,
};

struct point {
  __s32 x;
  __s32 y;
};

typedef struct {
  __u8 tag;
  __u32 number;
} __attribute__((packed)) packed_pair;

typedef __u32 counter_t;
typedef counter_t nested_counter_t;

struct everything {
  __u8 u8;
  __s8 s8;
  __u16 u16;
  __s16 s16;
  __u32 u32;
  __s32 s32;
  __u64 u64;
  __s64 s64;
  enum colour colour;
  bool flag;
  char text[16];
  __u8 bytes[6];
  __u32 numbers[4];
  __u16 grid[2][3];
  struct point point;
  struct point points[2];
  union {
    __u32 word;
    __u8 octets[4];
  } choice;
  union {
    __u32 ip4;
    __u32 ip6[4];
  };
  struct {
    __u16 inner_a;
    __u16 inner_b;
  };
  __u32 low : 3;
  __u32 middle : 12;
  __s32 signed_bits : 5;
  __u64 wide_bits : 33;
  nested_counter_t counter;
  packed_pair pair;
};
