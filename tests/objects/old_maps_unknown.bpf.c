// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A definition with more in it than any loader that we know reads.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_map_def {
  __u32 type, key_size, value_size, max_entries, map_flags, pinning;
  char path[64];
};

struct bpf_map_def SEC("maps") pinned_by_path = {BPF_MAP_TYPE_HASH, 4, 4, 1, 0, 2, "/sys/fs/bpf/pinned"};

char _license[] SEC("license") = "Dual BSD/GPL";
